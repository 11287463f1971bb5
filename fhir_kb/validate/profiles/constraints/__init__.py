"""What a profile demands of an element beyond its type; nothing here looks at a resource."""
