"""The parts of an asset's page."""
