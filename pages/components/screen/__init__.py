"""What a screen is drawn with."""
