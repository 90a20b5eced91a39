"""The ports of an account through the official SDKs: one module a service, and nobody else knows an SDK."""
