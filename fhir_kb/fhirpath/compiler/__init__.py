"""From a syntax tree to Python closures."""
