"""The Akool-compatible API: persons of a video found, and their heads replaced or hidden."""
