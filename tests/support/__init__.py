"""What tests share: clients of the local cloud, signatures, messages, a worker, processes, a browser."""
