"""Bundles: documents, messages, transactions and searchsets."""
