"""The samples and how outcomes are compared with what is expected."""

from __future__ import annotations

import pytest

from local.project import EVENTS
from local.samples import Samples, differences


@pytest.mark.parametrize(
    ("expected", "found", "wrong"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, []),
        ({"a": {"b": None}}, {"a": {}}, []),
        ({"a": "*"}, {"a": 0}, []),
        ({"a": "*"}, {"a": None}, ["a is missing"]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b is 2, not 1"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 1}]}, []),
        ({"a": [1]}, {"a": [1, 2]}, ["a is [1, 2], not [1]"]),
        ({"a": 1}, None, [' is null, not {"a": 1}']),
    ],
)
def test_differences(expected: object, found: object, wrong: list[str]) -> None:
    """Named fields must be equal; others do not matter; lists are as long as expected."""
    assert differences(expected, found) == wrong


def test_every_file_is_in_the_manifest() -> None:
    """No sample lies in events/ that the manifest does not name, and so no test runs."""
    samples = Samples.load()
    named = {item.path for item in (*samples.messages, *samples.triggers)}
    assert named == {path for path in EVENTS.rglob("*/*") if path.is_file()}
