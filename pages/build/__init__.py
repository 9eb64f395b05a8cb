"""Pages where APIs are defined."""
