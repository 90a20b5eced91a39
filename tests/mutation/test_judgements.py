"""What is written down about mutants that no test notices."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.mutation.judgements import Change, Judgements, Kind, read


def test_every_judgement_is_about_a_line_that_stands() -> None:
    """What was judged is still in the code: a judgement does not outlive its line."""
    for change in read().single:
        module = import_module(change.place.partition(":")[0])
        code = "\n".join(line.strip() for line in Path(module.__file__ or "").read_text(encoding="utf-8").splitlines())
        assert change.was in code, change
        assert change.was != change.now


def test_a_judgement_holds_for_its_change_alone() -> None:
    """A kind matches place, old and new text as a whole; a single one is equal; anything else is unjudged."""
    one = Change("shared.a:f", "x = 1", "x = 2")
    kind = Kind("texts", "shared\\.a:.*", "log\\(.*\\)", "log\\(.*XX.*\\)", "nobody reads it")
    judged = Judgements({one: "equal"}, (kind,))
    assert judged.name(one) == "by itself"
    assert judged.name(Change("shared.a:g", "log('a')", "log('XXaXX')")) == "texts"
    assert judged.name(Change("shared.b:g", "log('a')", "log('XXaXX')")) is None
    assert judged.name(Change("shared.a:f", "x = 1", "x = 3")) is None
    assert judged.unused([]) == [one]
    assert judged.unused([one]) == []
