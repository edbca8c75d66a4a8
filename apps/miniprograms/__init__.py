"""Mini-programs and their sealed AppSecrets."""
