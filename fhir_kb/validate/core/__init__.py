"""What every check works with: issues, their context, and JSON of any form."""
