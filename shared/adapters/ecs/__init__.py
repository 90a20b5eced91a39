"""ECS through its official SDK."""
