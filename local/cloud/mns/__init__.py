"""MNS of the local cloud."""
