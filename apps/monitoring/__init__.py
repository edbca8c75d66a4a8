"""What operators' machines watch: metrics, readiness, heartbeats."""
