"""Packages on this machine: the package cache, unpacking, and indexes of their resources."""
