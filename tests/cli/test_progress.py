from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from fhir_kb.cli import progress as views
from fhir_kb.cli.console import is_terminal, wants_colour
from fhir_kb.cli.progress import show_waits
from fhir_kb.net import Attempts, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (io.StringIO(), {}, False),
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),  # https://no-color.org: when not an empty string
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(stream: io.StringIO, environ: dict[str, str], wanted: bool) -> None:
    assert wants_colour(stream, environ) is wanted


def test_a_log_is_no_terminal() -> None:
    assert not is_terminal(io.StringIO(), {})


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> None:
    def clock() -> Iterator[float]:
        now = 100.0
        while True:
            yield now
            now += 0.06

    ticks = clock()
    monkeypatch.setattr(views, "monotonic", lambda: next(ticks))


def test_a_bar_grows_not_too_often_and_is_gone_at_the_end(ticking: None) -> None:
    screen = Terminal()
    bar = views.ProgressBar(screen)
    bar.stage("compiling", 4)
    for _ in range(4):
        bar.advance()
    bar.clear()
    drawn = re.split(r"\r\x1b\[K", screen.getvalue())
    assert drawn[1] == f"{'░' * 24} 0/4 compiling"
    assert 2 <= len(drawn) - 2 <= 3  # four steps in 0.3 s are not four drawings
    assert drawn[-1] == ""


def test_a_bar_never_overflows() -> None:
    screen = Terminal()
    bar = views.ProgressBar(screen)
    bar.stage("x", 1)
    bar.advance(0)
    views.ProgressBar.advance(bar, 50)
    assert "█" * 25 not in screen.getvalue()


def test_lines_for_a_log_have_no_control_characters() -> None:
    log = io.StringIO()
    lines = views.LineProgress(log)
    lines.stage("reading")
    lines.stage("compiling", 3)
    lines.advance()
    assert log.getvalue() == "reading\ncompiling (3)\n"


def test_the_bar_is_cleared_when_something_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with pytest.raises(ZeroDivisionError), views.show_progress() as shown:
        shown.stage("compiling", 3)
        raise ZeroDivisionError
    assert screen.getvalue().endswith("\r\x1b[K")


def test_quiet_is_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    with views.show_progress(quiet=True) as shown:
        shown.stage("compiling", 3)
        shown.advance()
    assert capfd.readouterr() == ("", "")


def test_no_try_of_a_request_is_left_out() -> None:
    shown: list[str] = []
    with show_waits(shown.append):
        attempts = Attempts(
            RetryPolicy(),
            "GET",
            "https://a.example/metadata",
            sleep=lambda _: None,
            jitter=lambda: 1.0,
        )
        for _ in range(4):
            attempts.begin()
            attempts.wait("HTTP 503")
    assert [line.rpartition(", ")[2] for line in shown] == [
        "try 2 of 6", "try 3 of 6", "try 4 of 6", "try 5 of 6",
    ]  # fmt: skip
