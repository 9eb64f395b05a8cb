"""Measurements of what the engine costs, beside what a hand-written equivalent would."""
