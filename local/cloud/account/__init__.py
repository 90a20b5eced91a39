"""What the command line asks of an account: a ROS stack, and who is calling (STS)."""
