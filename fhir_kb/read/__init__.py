"""From files to the model: YAML, Markdown, references; the only place that parses definitions."""
