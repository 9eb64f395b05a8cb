"""What the SQL builder decides, without drawing anything."""
