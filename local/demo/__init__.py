"""The demo: the sample messages sent, their outcomes judged and drawn."""
