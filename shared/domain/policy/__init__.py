"""What may be bought: the policy document, and what it says of a request."""
