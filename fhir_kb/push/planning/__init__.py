"""Planning: what has to change on a server, computed without asking it."""
