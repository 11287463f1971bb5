"""Applying a plan: sending its changes, and recovering a push that was interrupted."""
