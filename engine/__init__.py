"""API Engine: queries, HTTP calls, Python functions and workflows as governed APIs."""
