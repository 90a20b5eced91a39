"""What Function Compute calls. Thin."""
