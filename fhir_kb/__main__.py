"""`python -m fhir_kb` is `fhir-kb`."""

from fhir_kb.cli import main

if __name__ == "__main__":
    main()
