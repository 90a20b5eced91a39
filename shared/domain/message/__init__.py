"""A queue message: from its text to a request, or to everything that is wrong with it."""
