"""The local runtime: hosts the functions as Function Compute does, and plays their triggers."""
