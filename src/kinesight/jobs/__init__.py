"""The durable job engine: accept, run in a child process, recover, finish once."""
