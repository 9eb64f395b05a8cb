"""Lengths of time in words."""


def span(seconds: float) -> str:
    """A length of time for reading, in the largest unit that divides it: `10 min`, `1 d`."""
    units = {"d": 86400, "h": 3600, "min": 60}
    name = next((name for name, length in units.items() if seconds % length == 0), "s")
    return f"{seconds / units.get(name, 1):g} {name}"
