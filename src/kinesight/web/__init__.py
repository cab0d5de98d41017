"""Pages that the server shows to people."""
