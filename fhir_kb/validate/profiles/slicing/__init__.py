"""Slicing: which slice an element is in."""
