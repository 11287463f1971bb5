"""Reading: JSON and XML, what is repaired on the way, and where each element is in the text."""
