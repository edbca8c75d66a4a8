"""Access tokens: one record per mini-program in Redis, refreshed ahead, never stampeded."""
