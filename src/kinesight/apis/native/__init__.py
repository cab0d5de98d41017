"""The native API, `/v1/analyses`: every analysis, every field; the one the web pages use."""
