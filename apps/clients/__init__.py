"""API clients: keys, scopes, and what each key may reach."""
