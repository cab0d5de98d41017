"""What every API does at the border: keys, uploads, strict JSON, links, failures, metrics. Knows no API in particular."""
