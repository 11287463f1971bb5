"""Which packages are needed: versions and ranges, dependencies, and the lock file."""
