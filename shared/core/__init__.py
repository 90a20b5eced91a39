"""The pure core: standard library and marshmallow only."""
