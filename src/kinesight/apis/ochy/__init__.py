"""The Ochy-compatible API: the paths, fields, states and error bodies that clients of Ochy's partner API expect."""
