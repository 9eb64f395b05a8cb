"""Read-only query targets: the databases that analysts' statements run on."""
