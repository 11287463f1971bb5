"""Vital signs: an Observation with one of these codes has to conform to a profile of FHIR itself.

http://hl7.org/fhir/observation-vitalsigns.html: "SHALL conform", whatever `meta.profile` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOINC: Final = "http://loinc.org"
_SNOMED: Final = "http://snomed.info/sct"
#: Code system -> profile -> codes, as HL7's engine takes them; the first profile that fits counts.
_CODES: Final = {
    _LOINC: {
        "vitalspanel": "85353-1",
        "resprate": "9279-1 76170-0 76172-6 76171-8 19840-8 33438-3 76270-8 11291-2",
        "heartrate": "60978-4 73795-7 73799-9 76476-1 76477-9 8867-4 8889-8 8890-6 8891-4 8892-2 "
        "8893-0 40443-4 55425-3 68999-2 11328-2 69000-8 8886-4",
        "oxygensat": "2708-6 19224-5 20564-1 2709-4 2710-2 2711-0 2713-6 51733-4 59408-5 59417-6 "
        "89276-0 97549-0",
        "bodytemp": "8310-5 60834-9 60835-6 60836-4 60838-0 60955-2 61009-7 75539-7 75987-8 "
        "76010-8 76011-6 76278-1 8309-7 8328-7 8329-5 8330-3 8331-1 8332-9 8333-7 8334-5 91371-5 "
        "98657-0 98663-8",
        "bodyheight": "8302-2 3137-7 3138-5 8306-3 8308-9",
        "headcircum": "9843-4 8287-5",
        "bodyweight": "29463-7 3141-9 3142-7 75292-3 79348-9 8350-1 8351-9",
        "bmi": "39156-5 59574-4 89270-3",
        "bp": "85354-9 35094-2 8459-0 76534-7 55284-4 8480-6",
    },
    _SNOMED: {
        "vitalspanel": "46680005",
        "heartrate": "249043002 444981005 399017001 251670001 429525003 429614003",
        "oxygensat": "103228002 442349007 442476006 442440005 431314004 442734002 713194001",
        "bodytemp": "386725007 276885007 300076005 1222808002 364246006 307047009 708499008 "
        "431598003 698831002 698832009 415882003 415974002 415929009 415945006",
        "bodyheight": "1153637007 1162419008 50373000 1162418000 1230278008 1162392001 1162417005",
        "headcircum": "363812007 169876006 1269262007 363811000",
        "bodyweight": "60621009 735395000 425024002 424927000 784399000 1162416001 1162415002",
        "bp": "75367002 251076008 163033001 163035008 386534000 386536003 271649006 271650006 "
        "407556006 407554009 716579001 399304008",
    },
}
_PROFILES: Final = {
    (system, code): f"http://hl7.org/fhir/StructureDefinition/{name}"
    for system, profiles in _CODES.items()
    for name, codes in profiles.items()
    for code in codes.split()
}


def implied_profile(resource: Mapping[str, Any]) -> str | None:
    """The profile that an Observation has to conform to because of its code, or None."""
    if resource.get("resourceType") != "Observation":
        return None
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    for system in (_LOINC, _SNOMED):
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and coding.get("system") == system:
                profile = _PROFILES.get((system, str(coding.get("code"))))
                if profile is not None:
                    return profile
    return None
