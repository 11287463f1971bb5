"""The folder that remembers what was done to a server: state, journal, history, log."""
