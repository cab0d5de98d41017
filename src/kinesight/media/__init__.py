"""Video files at the edge: probing, decoding in a confined process, encoding, fetching by address."""
