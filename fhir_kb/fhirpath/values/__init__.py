"""The values of FHIRPath's own types: dates and times, quantities with UCUM units, and the rest."""
