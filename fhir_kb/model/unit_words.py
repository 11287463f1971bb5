"""Words and signs that people write for units, and the codes that UCUM has for them."""

from __future__ import annotations

from typing import Final

UNIT_WORDS: Final = {
    "second": "s", "seconds": "s", "sec": "s", "secs": "s", "minute": "min", "minutes": "min",
    "mins": "min", "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "day": "d", "days": "d",
    "week": "wk", "weeks": "wk", "wks": "wk", "month": "mo", "months": "mo",
    "year": "a", "years": "a", "yr": "a", "yrs": "a",
    "iu": "[IU]", "mmhg": "mm[Hg]", "cmh2o": "cm[H2O]", "mcg": "ug", "μg": "ug", "µg": "ug",
    "cc": "mL", "ml": "mL", "dl": "dL", "°c": "Cel", "°f": "[degF]", "kcal": "kcal", "percent": "%",
    "gram": "g", "grams": "g", "kilogram": "kg", "litre": "L", "liter": "L", "milligram": "mg",
    "milligrams": "mg", "inch": "[in_i]", "lb": "[lb_av]", "lbs": "[lb_av]", "meq": "meq",
    "kg/m^2": "kg/m2", "m^2": "m2",
}  # fmt: skip
"""UCUM's code for a word in small letters."""
