"""Rules: what happens elsewhere, in the engine or by the clock sets off a call of an API."""
