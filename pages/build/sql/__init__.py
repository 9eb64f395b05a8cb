"""The SQL builder's parts."""
