"""Negative controls: with a safeguard of the local cloud switched off, the tests named here fail. So they bite."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from local.cloud.clock import DrivenClock
from local.cloud.cloud import Cloud
from local.cloud.config import Checks, Config
from local.cloud.in_process import in_process
from local.cloud.server import running
from tests.functional.cloud import test_ecs_describe, test_ecs_refusals, test_ecs_signatures, test_ecs_tokens
from tests.functional.cloud import test_mns_signatures as mns_signatures
from tests.support.clients import Clients

if TYPE_CHECKING:
    from collections.abc import Callable


def contract(cloud: Clients) -> None:
    """Run one case of the test of the contract."""
    test_ecs_refusals.test_the_contract(cloud, {"Password": "short"}, "InvalidPassword.Malformed")


CONTROLS: list[tuple[str, Callable[[Clients], None]]] = [
    ("signatures", test_ecs_signatures.test_wrong_key_and_wrong_secret),
    ("signatures", mns_signatures.test_wrong_key_and_wrong_secret),
    ("tokens", test_ecs_tokens.test_same_token_same_instance),
    ("tokens", test_ecs_tokens.test_other_parameters_are_a_mismatch),
    ("pages", test_ecs_describe.test_ten_statuses_a_page_unless_told_otherwise),
    ("parameters", contract),
]


@pytest.mark.parametrize("way", ["in-process", "http"])
@pytest.mark.parametrize(("check", "test"), CONTROLS)
def test_without_the_check_the_test_fails(check: str, test: Callable[[Clients], None], way: str) -> None:
    """Each test passes with the check on (it is run so elsewhere) and fails with it off."""
    state = Cloud(DrivenClock(), Config(checks=Checks(**{check: False})))
    with running(state) as url, in_process(state) if way == "in-process" else nullcontext():
        clients = Clients(state, url, way)
        try:
            with pytest.raises((AssertionError, pytest.fail.Exception)):
                test(clients)
        finally:
            clients.close()
