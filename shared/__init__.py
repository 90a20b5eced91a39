"""The worker itself, deployed with both functions: core, use cases, adapters."""
