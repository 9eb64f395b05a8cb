"""The Python builder's parts."""
