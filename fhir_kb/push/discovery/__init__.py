"""Discovery: asking a server what it holds now."""
