"""Rules of single resource types, beyond what their definitions state."""
