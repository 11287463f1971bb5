"""What `fhir-kb --help` says: the commands by what they are for. It imports nothing: quick."""

GROUPS = {
    "Write": {
        "init": "start a knowledge base that builds as it is",
        "schema": "print the JSON Schema of the definitions, for editors",
        "explain": "explain what a finding's code means and how to fix it",
    },
    "Check": {
        "validate": "check definitions or any FHIR files",
        "fhirpath": "evaluate a FHIRPath expression on a resource",
    },
    "Publish": {
        "build": "compile, check and write everything for R5, R4B and R4",
        "bundle": "make one bundle of some topics, to a file or a pipe",
    },
    "Bring to servers": {
        "plan": "show what a push would change on a FHIR server",
        "push": "bring a FHIR server to the state of the definitions",
        "drift": "show what others have changed on it since",
        "rollback": "restore the state after an earlier push",
        "pull": "write the resources that we pushed to files",
        "status": "show what we pushed, and when",
        "doctor": "show what this machine has and what a server can do",
    },
    "Set up": {
        "packages": "list, get and lock the FHIR packages that definitions need",
    },
}

COMMANDS = {name: summary for group in GROUPS.values() for name, summary in group.items()}


def text() -> str:
    """The page that `fhir-kb --help` prints."""
    lines = [
        "fhir-kb: clinical knowledge as text, published as FHIR R5, R4B and R4",
        "",
        "Usage: fhir-kb COMMAND [OPTIONS]     fhir-kb COMMAND --help shows more",
    ]
    for title, commands in GROUPS.items():
        lines += ["", f"{title}:"]
        lines += [f"  {name:<10} {summary}" for name, summary in commands.items()]
    lines += [
        "",
        "Options:",
        "  -v, -vv          log requests on stderr; with headers and sizes",
        "  --log-file FILE  write a log with everything but secrets",
        "  --version        print the version",
        "  --help           print this page",
        "",
        "A start:  fhir-kb init && fhir-kb build",
        "Exit codes: 0 fine, 1 errors found, 2 wrong usage, 3 disk or network failed",
    ]
    return "\n".join(lines) + "\n"
