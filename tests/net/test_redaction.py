"""A credential is taken out of what servers respond, however each of its characters is written."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from fhir_kb.net.redaction import HIDDEN, protect_credentials, redact, scrubbed, scrubbed_text

SECRET = 'Qx7-Canary_4410+abc/=="q'
WAYS = {
    "itself": SECRET,
    "URL": quote(SECRET, safe=""),
    "URL, some characters only": quote(SECRET, safe="+"),
    "URL, twice": quote(quote(SECRET, safe=""), safe=""),
    "JSON": json.dumps(SECRET)[1:-1],
    "JSON in JSON": json.dumps(json.dumps(SECRET))[3:-3],
    "JSON, every character": "".join(f"\\u{ord(letter):04X}" for letter in SECRET),
    "HTML": SECRET.replace('"', "&quot;"),
    "HTML, numbers": SECRET.replace('"', "&#034;"),
    "HTML, every character": "".join(f"&#x{ord(letter):x};" for letter in SECRET),
    "HTML, twice": SECRET.replace('"', "&amp;quot;"),
    "hex": SECRET.encode().hex(),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_credential_is_known_in_any_spelling(way: str) -> None:
    protect_credentials(SECRET)
    text = f"login={WAYS[way]}; more"
    assert scrubbed(text.encode()).decode() == f"login={HIDDEN}; more"
    assert scrubbed_text(text) == redact(text) == f"login={HIDDEN}; more"


@pytest.mark.parametrize("before", ["", "u:", "Bearer ", "Basic"])
def test_a_credential_is_known_in_base64(before: str) -> None:
    protect_credentials(SECRET)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        shown = scrubbed(encode(f"{before}{SECRET}".encode())).decode()
        left = shown.partition(HIDDEN)[0] + shown.partition(HIDDEN)[2]
        assert HIDDEN in shown
        assert len(left) <= 4 * (len(before) + 2) // 3 + 4


def test_other_text_is_left_as_it_is() -> None:
    protect_credentials(SECRET)
    content = b'{"div": "<div>a &amp; b, 100 % \\"Qx7-Canary\\" \xff</div>"}'
    assert scrubbed(content) == content
