"""What several processes must agree on, in Redis: who goes first, and how fast everybody may go."""
