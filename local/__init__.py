"""The bench, never deployed: local cloud, local runtime, command line."""
