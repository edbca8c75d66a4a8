"""What WeChat's wire looks like: requests, answers, error codes, and the one client that sends."""
