"""Pages where the instance is set up."""
