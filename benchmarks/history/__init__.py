"""The history with many codes: rows to fill it, questions to ask it, and the benchmark that takes turns."""
