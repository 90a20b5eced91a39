"""What an error means, and what to do about it. The facts are data: `catalogue.json`, and the table of policies."""
