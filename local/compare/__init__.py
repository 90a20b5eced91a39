"""The worker and the function that one would write first, under the same faults: what each leaves behind."""
