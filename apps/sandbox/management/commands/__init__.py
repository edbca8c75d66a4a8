"""The command that starts the sandbox alone."""
