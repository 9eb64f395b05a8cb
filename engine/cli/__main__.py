"""`python -m engine.cli`: the command line of a checkout that is not installed."""

from engine.cli import main

main()
