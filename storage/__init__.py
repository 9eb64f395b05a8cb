"""Every place where data is kept: metadata, execution log, query targets, shared state."""
