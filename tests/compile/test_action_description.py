"""What people read of a step where an engine shows it: the description of its action."""

from __future__ import annotations

from pathlib import Path

from compiling import plan


def action(folder: Path, step: str, activity: str = "") -> dict[str, str]:
    activities = f"activities:\n  act:\n    title: Give it\n{activity}" if activity else ""
    made = plan(folder, f"plan:\n  steps:\n    - id: one\n{step}{activities}")["action"][0]
    return {name: made[name] for name in ("title", "description") if name in made}


def test_the_text_of_the_activity_follows_that_of_the_step(tmp_path: Path) -> None:
    found = action(tmp_path, "      text: Now.\n      does: act\n", "    text: Slowly.\n")
    assert found == {"title": "Give it", "description": "Now.\n\nSlowly."}


def test_the_same_words_are_said_once(tmp_path: Path) -> None:
    found = action(tmp_path, "      text: Slowly.\n      does: act\n", "    text: Slowly.\n")
    assert found["description"] == "Slowly."


def test_what_is_not_to_be_done_says_so_under_its_own_title(tmp_path: Path) -> None:
    found = action(tmp_path, "      does: act\n", "    prohibited: true\n    kind: task\n")
    assert found == {"title": "Not to be done: Give it"}


def test_what_is_not_to_be_done_says_so_under_the_title_of_the_step(tmp_path: Path) -> None:
    step = "      title: Never give it\n      does: act\n"
    found = action(tmp_path, step, "    prohibited: true\n    kind: task\n")
    assert found == {"title": "Never give it", "description": "Not to be done: Give it"}


ORDER = (
    "    product: {text: Milk}\n    quantity: 2 L\n    dosage: [{text: A sip}]\n"
    "    body-site: [{text: Mouth}]\n    timing: Every morning\n"
)


def test_a_diet_order_has_no_place_for_amounts_so_the_action_says_them(tmp_path: Path) -> None:
    found = action(tmp_path, "      does: act\n", f"    kind: nutrition\n{ORDER}")
    assert found["description"].split("\n\n") == [
        "Product: Milk",
        "Quantity: 2 L",
        "Dosage: A sip",
        "Timing: Every morning",
        "Where: Mouth",
    ]


def test_an_order_of_medication_has_product_and_dosage_itself(tmp_path: Path) -> None:
    found = action(tmp_path, "      does: act\n", f"    kind: medication\n{ORDER}")
    assert found["description"].split("\n\n") == [
        "Quantity: 2 L",
        "Timing: Every morning",
        "Where: Mouth",
    ]


def test_the_timing_of_the_activity_is_that_of_the_action_unless_it_has_its_own(
    tmp_path: Path,
) -> None:
    steps = (
        "plan: {steps: [{id: one, does: act}, {id: two, does: act, timing: At night}]}\n"
        "activities: {act: {title: Act, timing: At noon, priority: asap}}\n"
    )
    first, second = plan(tmp_path, steps)["action"]
    assert first["timingTiming"] == {"code": {"text": "At noon"}}
    assert second["timingTiming"] == {"code": {"text": "At night"}}
    assert first["priority"] == "asap"


def test_values_that_people_work_out_are_told_to_them(tmp_path: Path) -> None:
    step = "      title: T\n      does: act\n      dynamic-values: {title: {text: By weight}}\n"
    activity = "    dynamic-values: {quantity: {text: By age}, code: {fhirpath: \"'x'\"}}\n"
    assert action(tmp_path, step, activity)["description"].split("\n\n") == [
        "To be worked out, title: By weight",
        "To be worked out, quantity: By age",
    ]
