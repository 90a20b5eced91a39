"""The two use cases: provision messages, poll open work. They know the domain and the ports only."""
