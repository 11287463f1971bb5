"""The signed statement by which a SMART backend service shows who it is."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fhir_kb.net.login.keys import SigningKey

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME: Final = 240
"""Seconds. Five minutes are allowed; the server's clock may be a minute behind ours."""


def assertion(key: SigningKey, client_id: str, endpoint: str, now: float) -> str:
    """A new statement for one request to `endpoint` at `now` (seconds since 1970).

    Without `iat` and `nbf`, which the specification does not ask for: a server whose clock is
    behind would not believe them.
    https://build.fhir.org/ig/HL7/smart-app-launch/client-confidential-asymmetric.html
    """
    import jwt

    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": endpoint,
        "exp": int(now) + LIFETIME,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, key.private, algorithm=key.algorithm, headers={"kid": key.kid})
