"""`new`: whatever is chosen, the message is valid as printed."""

from __future__ import annotations

from itertools import product

import pytest

from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from tests.support.processes import inside

CHARGES = ([], ["--spot"], ["--prepaid"])
DISKS = ([], ["--data-disk", "40"], ["--data-disk", "100", "--data-disk", "200"])
MORE = (
    [], ["--key", "my-key"], ["--public-ip"], ["--tag", "team=web", "--tag", "empty="], ["--alternative"],
    ["--dry-run"],
    ["--key", "k-1", "--public-ip", "--alternative", "--region", "cn-shanghai", "--type", "ecs.c7.large"],
)  # fmt: skip


@pytest.mark.parametrize("chosen", [a + b + c for a, b, c in product(CHARGES, DISKS, MORE)], ids=" ".join)
def test_valid_as_printed(chosen: list[str]) -> None:
    """The worker takes what is printed, without a warning."""
    done = inside("new", *chosen)
    assert done.exit_code == 0, done.output
    asked = parse(done.stdout)
    assert isinstance(asked, Request), asked
    assert not asked.warnings


@pytest.mark.parametrize(
    "chosen",
    [["--id", "order 1"], ["--region", "../x"], ["--type", ""], ["--key", ""], ["--tag", "aliyun=1"]],
    ids=" ".join,
)
def test_nothing_else_is_printed(chosen: list[str]) -> None:
    """What an option makes invalid is wrong use that names the field, and no message."""
    done = inside("new", *chosen)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert "would not be valid" in done.stderr


def test_every_message_is_a_request_of_its_own() -> None:
    """Two calls never make the same request, unless the id is given."""
    assert parse(inside("new").stdout).request_id != parse(inside("new").stdout).request_id
    assert parse(inside("new", "--id", "order-1").stdout).request_id == "order-1"
