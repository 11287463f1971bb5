"""Speaking to a FHIR server: the protocol, HTTP, what servers can do, and ids that they assign."""
