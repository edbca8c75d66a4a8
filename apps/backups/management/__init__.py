"""Management commands of the miniprograms app."""
