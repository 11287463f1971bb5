"""Codes against the code systems that are known offline."""
