"""A simulated WeChat for development and tests: its own process, its own clock, faults on request."""
