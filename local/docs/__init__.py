"""The generated documents: schemas of what goes in and out, the pages of parameters and errors."""
