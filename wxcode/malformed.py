"""What the readers of settings raise for a value that they do not take."""


class Malformed(ValueError):
    """A value that breaks a rule; its text never contains the value."""
