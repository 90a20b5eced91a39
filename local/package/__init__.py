"""Builds the deployable zip: locked wheels for the platform, what is not needed left out, the same bytes each time."""
