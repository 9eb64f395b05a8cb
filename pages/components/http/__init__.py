"""What the HTTP builder decides, without drawing anything."""
