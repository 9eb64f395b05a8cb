"""Screens: pages put together from blocks that show what APIs answer."""
