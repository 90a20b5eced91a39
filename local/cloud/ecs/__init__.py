"""ECS of the local cloud: state, wire, errors."""
