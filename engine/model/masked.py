"""What stands where a value must not be shown."""

from typing import Final

MASKED: Final = "***"
