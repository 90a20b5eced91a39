"""ECS of the local cloud."""
