"""The rooms of wxcode: one Django app or plain package per subject; docs/architecture.md says who may import whom."""
