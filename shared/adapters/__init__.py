"""The adapters: one module a service."""
