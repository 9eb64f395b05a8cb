"""Pages where running APIs are watched."""
