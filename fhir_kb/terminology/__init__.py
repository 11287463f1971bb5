"""Code systems, value sets and membership: what ships, what is given, what a server says."""
