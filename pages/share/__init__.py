"""Pages that others look at: screens."""
