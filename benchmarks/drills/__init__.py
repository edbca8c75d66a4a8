"""Faults on purpose, under steady load: `python -m benchmarks.drills [name…] [--short]`."""
