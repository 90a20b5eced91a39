"""Makes and checks a deployment in an account: what is wanted, what is there, and what to do about the difference."""
