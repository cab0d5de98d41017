"""State at the edge: SQL tables, the job store, files and signed links."""
