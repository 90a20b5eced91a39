"""The two use cases: provision messages, poll open work. They know the core and the ports only."""
