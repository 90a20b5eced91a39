"""Benchmarks: ratios inside one run, each with its own local cloud (`make bench`)."""
