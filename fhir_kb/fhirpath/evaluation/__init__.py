"""What an expression is evaluated on and with: items, scopes, equality, arithmetic, references."""
