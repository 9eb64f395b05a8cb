"""Sample data: a year of flights out of New York, and API definitions over it."""
