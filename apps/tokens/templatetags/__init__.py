"""Template tags of the tokens app."""
