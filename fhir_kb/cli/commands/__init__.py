"""The commands, one module each; each module's `command` is a click command."""
