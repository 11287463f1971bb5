"""The cases of what is applied: those of apply_cases.yaml, and one for each word of the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from fhir_kb.model import code_words

if TYPE_CHECKING:
    from collections.abc import Iterator

#: a timing as an author writes it, and Timing.repeat
_TIMINGS: Final[tuple[tuple[dict[str, Any], dict[str, Any]], ...]] = (
    ({"every": "8 h"}, {"frequency": 1, "period": 8, "periodUnit": "h"}),
    (
        {"times": 1, "up-to": 3, "every": "1-2 d", "for": "7-10 d"},
        {
            "frequency": 1,
            "frequencyMax": 3,
            "period": 1,
            "periodMax": 2,
            "periodUnit": "d",
            "boundsRange": {"low": {"value": 7}, "high": {"value": 10, "code": "d"}},
        },
    ),
    ({"count": 3, "lasting": "30 min"}, {"count": 3, "duration": 30, "durationUnit": "min"}),
    (
        {"days": ["mon", "thu"], "at": ["08:00"]},
        {"dayOfWeek": ["mon", "thu"], "timeOfDay": ["08:00:00"]},
    ),
    ({"when": ["before-meals"], "offset": "30 min"}, {"when": ["AC"], "offset": 30}),
)


def cases() -> dict[str, dict[str, Any]]:
    """All cases by their name; see the head of apply_cases.yaml."""
    page = Path(__file__).parent / "apply_cases.yaml"
    written: dict[str, dict[str, Any]] = yaml.safe_load(page.read_text("utf-8"))
    return written | dict(_each_word())


def _each_word() -> Iterator[tuple[str, dict[str, Any]]]:
    for word, code in code_words.SELECTION.items():
        inner = [{"id": f"of-{word}", "title": "A"}, {"id": f"or-{word}", "title": "B"}]
        step = {"id": f"choose-{word}", "title": "T", "choose": word, "steps": inner}
        yield f"choose: {word}", {"step": step, "action": {"selectionBehavior": code}}
    for word, code in code_words.PRIORITY.items():
        step = {"id": f"priority-{word}", "title": "T", "priority": word}
        yield f"priority: {word}", {"step": step, "action": {"priority": code}}
    for word, code in code_words.INTENT.items():
        activity = {"title": "Do it", "kind": "service", "intent": word}
        yield f"intent: {word}", _order(f"intent-{word}", activity, {"intent": code})
    for word, code in code_words.RELATIONSHIP.items():
        if word in {"before", "after"}:  # whose code in R4 tests/releases hold
            continue
        order = [{"step": "plain", "relation": word, "by": "1-2 h"}]
        step = {"id": f"is-{word}", "title": "T", "alongside": order}
        related = {"relationship": code, "offsetRange": {"low": {"value": 1}, "high": {"value": 2}}}
        yield f"relation: {word}", {"step": step, "action": {"relatedAction": [related]}}
    for number, (timing, repeat) in enumerate(_TIMINGS):
        step = {"id": f"timed-{number}", "title": "T", "timing": timing}
        yield (
            f"timing {number} of a step",
            {
                "step": step,
                "action": {"timingTiming": {"repeat": repeat}},
            },
        )
        dosage = [{"text": "One", "timing": timing}]
        activity = {"title": "Drug", "kind": "medication", "dosage": dosage}
        expected = {"dosageInstruction": [{"text": "One", "timing": {"repeat": repeat}}]}
        yield f"timing {number} of a dosage", _order(f"dosed-{number}", activity, expected)
    for word in code_words.GOAL_PRIORITY:
        name = f"goal-{word}"
        goal = {"description": f"An aim, {word}", "priority": word}
        yield (
            f"priority of a goal: {word}",
            {
                "step": {"id": f"for-{name}", "title": "T", "goals": [name]},
                "goals": {name: goal},
                "goal": {
                    "description": {"text": goal["description"]},
                    "priority": {"coding": [{"code": code_words.GOAL_PRIORITY[word]}]},
                },
            },
        )


def _order(name: str, activity: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    step = {"id": f"do-{name}", "does": name}
    return {"step": step, "activities": {name: activity}, "order": expected}
