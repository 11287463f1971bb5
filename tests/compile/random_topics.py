"""Topics made at random: other words and flags each time, and some fields left out."""

from __future__ import annotations

import random
from typing import Any

from everything import ALTERNATIVES, Filler, everything

from fhir_kb.model.knowledge_base import KnowledgeBase, TopicSource
from fhir_kb.model.record import Record
from fhir_kb.model.schema_shape import RecordKey, ScalarShape, SchemaShape, layout
from fhir_kb.model.settings import Settings
from fhir_kb.model.text import Text
from fhir_kb.model.topic import Topic

#: how often a field that may be left out is
_LEFT_OUT = 0.2
#: records whose fields are all kept: what stands in them is needed by the others
_WHOLE = frozenset({Settings, Topic})


class RandomFiller(Filler):
    """Fills records with words chosen at random; the same seed, the same records."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def record(
        self, record: type[Record], path: str, depth: int = 0, leave_out: set[str] = frozenset()
    ) -> Any:
        alternatives = {name for group in ALTERNATIVES.get(record, ()) for name in group}
        optional = (
            key.field
            for key in layout(record).keys
            if not key.required and key.field not in alternatives and record not in _WHOLE
        )
        unlucky = {name for name in optional if self._random.random() < _LEFT_OUT}
        return super().record(record, path, depth, {*leave_out, *unlucky})

    def _fixed(self, record: type[Record], key: RecordKey, path: str) -> Any:
        if isinstance(key.shape, ScalarShape) and key.shape.words is not None:
            return self.scalar(key.shape, path)
        return super()._fixed(record, key, path)

    def scalar(self, shape: SchemaShape, path: str) -> Any:
        assert isinstance(shape, ScalarShape)
        if shape.type is bool:
            return self._random.random() < 0.5
        if shape.names is None and shape.words is not None:
            return Text(self._random.choice(list(shape.words.words)), self.span())
        return super().scalar(shape, path)


def random_topic(seed: int) -> tuple[TopicSource, KnowledgeBase]:
    """A topic and its knowledge base."""
    source, base, _ = everything(RandomFiller(seed))
    return source, base
