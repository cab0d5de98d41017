"""The Ochy-compatible partner API."""
