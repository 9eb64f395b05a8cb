"""Calls over REST, side by side with endpoints written by hand."""
