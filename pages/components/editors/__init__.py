"""The browser components and the widgets built on them."""
