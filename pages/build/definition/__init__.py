"""The parts of one API's page, one per tab."""
