"""What the Python builder knows, without drawing anything."""
