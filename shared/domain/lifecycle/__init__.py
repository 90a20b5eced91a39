"""The life of one request: its record, what can happen to it, and the outcome it ends in."""
