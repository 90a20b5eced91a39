"""What happened to each request, told from what the local cloud sees and what the worker logs. Never a secret in it."""
