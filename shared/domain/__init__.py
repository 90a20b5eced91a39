"""The pure domain: standard library and marshmallow only."""
