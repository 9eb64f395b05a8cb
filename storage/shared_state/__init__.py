"""State shared by processes: limits, breakers, cache and leases, in memory and in Redis."""
