"""The HTTP builder's parts."""
