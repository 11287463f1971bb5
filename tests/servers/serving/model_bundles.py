"""Transactions and batches of the model server: https://hl7.org/fhir/http.html#transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model_store import RefusedError, Resource, Store, phrase

if TYPE_CHECKING:
    from model_store import Version

_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3}


class Bundles:
    """See the module."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def done(self, bundle: Resource, *, wants_back: bool) -> Resource:
        """The answer. Raises RefusedError where all is refused."""
        temper = self.store.temper
        type_ = bundle.get("type")
        known = {"transaction": temper.transactions, "batch": temper.batches}
        if bundle.get("resourceType") != "Bundle" or not known.get(str(type_)):
            raise RefusedError(400, f"This server does no bundles of type '{type_}'")
        entries = bundle.get("entry") or []
        if temper.cap and len(entries) > temper.cap:
            raise RefusedError(temper.cap_status, f"more than {temper.cap} entries")
        do = self._transaction if type_ == "transaction" else self._batch
        answers = do(entries, wants_back)
        return {"resourceType": "Bundle", "type": f"{type_}-response", "entry": answers}

    def _batch(self, entries: list[Resource], wants_back: bool) -> list[Resource]:
        answers = []
        for entry in entries:
            try:
                answers.append(self._one(entry, wants_back, late=False))
            except RefusedError as refused:
                said = {"status": phrase(refused.status), "outcome": refused.outcome()}
                answers.append({"response": said})
        return answers

    def _transaction(self, entries: list[Resource], wants_back: bool) -> list[Resource]:
        entries = self._placed(entries)
        order = sorted(range(len(entries)), key=lambda n: _ORDER[entries[n]["request"]["method"]])
        before = self.store.lengths()
        answers: dict[int, Resource] = {}
        number = 0
        try:
            for number in order:
                answers[number] = self._one(entries[number], wants_back, late=True)
            for number in order:
                self._check(entries[number])
        except RefusedError as refused:
            self.store.back_to(before)
            if self.store.temper.says_entry:
                refused.expression = f"Bundle.entry[{number}]"
            raise
        return [answers[number] for number in range(len(entries))]

    def _placed(self, entries: list[Resource]) -> list[Resource]:
        """The entries with the ids that those which are posted will have, and references to them:
        https://hl7.org/fhir/http.html#trules."""
        places: dict[str, str] = {}
        names: dict[int, str] = {}
        for number, entry in enumerate(entries):
            request = entry["request"]
            if request["method"] == "POST":
                there = self.store.found(request["url"], request.get("ifNoneExist", ""))
                names[number] = there.key[1] if there else self.store.new_name()
                places[entry.get("fullUrl", "")] = f"{request['url']}/{names[number]}"
        placed = [{**entry, "name": names.get(n, "")} for n, entry in enumerate(entries)]
        return [
            {**entry, "resource": _led(entry["resource"], places)} if "resource" in entry else entry
            for entry in placed
        ]

    def _check(self, entry: Resource) -> None:
        """References, when all of the transaction stands."""
        if not self.store.temper.integrity:
            return
        if entry["request"]["method"] == "DELETE":
            self.store.check_unreferred(_key(entry))
        else:
            self.store.check_references(entry["resource"])

    def _one(self, entry: Resource, wants_back: bool, *, late: bool) -> Resource:
        request: dict[str, Any] = entry["request"]
        match request["method"]:
            case "PUT":
                status, one = self.store.put(
                    _key(entry),
                    entry["resource"],
                    match=request.get("ifMatch", ""),
                    none_match=request.get("ifNoneMatch", ""),
                    late=late,
                )
            case "POST":
                status, one = self.store.post(
                    request["url"],
                    entry["resource"],
                    request.get("ifNoneExist", ""),
                    name=entry.get("name", ""),
                    late=late,
                )
            case "DELETE":
                return self._deleted(entry, late=late)
            case "GET":
                return self._read(entry)
            case method:
                raise RefusedError(400, f"'{method}' is no method")
        answer: Resource = {"response": self._response(status, one)}
        return {"resource": one.resource, **answer} if wants_back else answer

    def _deleted(self, entry: Resource, *, late: bool) -> Resource:
        match = entry["request"].get("ifMatch", "")
        status, one = self.store.delete(_key(entry), match, late=late)
        return {"response": self._response(status, one) if one else {"status": phrase(status)}}

    def _read(self, entry: Resource) -> Resource:
        one = self.store.now(_key(entry))
        if one is None or one.resource is None:
            raise RefusedError(404 if one is None else 410, "it is not there")
        return {"resource": one.resource, "response": self._response(200, one)}

    def _response(self, status: int, one: Version) -> Resource:
        etag = f'W/"{one.version}"' if self.store.temper.weak_etags else one.version
        return {
            "status": phrase(status),
            "location": f"{'/'.join(one.key)}/_history/{one.version}",
            "etag": etag,
            "lastModified": one.updated,
        }


def _led(value: Any, places: dict[str, str]) -> Any:
    """The same with its references led to where `places` says."""
    if isinstance(value, list):
        return [_led(one, places) for one in value]
    if isinstance(value, dict):
        return {
            name: places.get(one, one)
            if name == "reference" and isinstance(one, str)
            else _led(one, places)
            for name, one in value.items()
        }
    return value


def _key(entry: Resource) -> tuple[str, str]:
    type_, _, name = entry["request"]["url"].partition("/")
    return type_, name
