from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.create_instance.check import RULES
from shared.domain.create_instance.disk_rules import DATA_DISK_RULES
from shared.domain.create_instance.parameters import PARAMETERS
from shared.domain.create_instance.schema import NOT_EMPTY
from shared.domain.errors.listing import entries
from tests.support.cases import Case, bad_sides, good_sides, violations
from tests.unit.create_instance.limit_cases import CASES as LIMITS
from tests.unit.create_instance.rule_cases import CASES as BETWEEN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.create_instance.schema import Parameter, Rule

CASES = [*LIMITS, *BETWEEN]


@pytest.mark.parametrize(("case", "change"), good_sides(CASES))
def test_what_the_page_allows_passes(case: Case, change: Mapping[str, Any]) -> None:
    """A value on the good side of its bound, together with what it needs, breaks no rule at all."""
    assert violations(change, case.contract) == []


@pytest.mark.parametrize(("case", "change"), bad_sides(CASES))
def test_what_the_page_forbids_is_refused(case: Case, change: Mapping[str, Any]) -> None:
    """A value on the bad side of its bound is refused at its field, with the code the API would answer."""
    assert (case.field, case.code) in {(each.field, each.code) for each in violations(change, case.contract)}


@pytest.mark.parametrize(
    "parameter", [each for each in PARAMETERS.values() if set(each.limits) - {NOT_EMPTY}], ids=lambda each: each.name
)
def test_every_limit_has_a_case(parameter: Parameter) -> None:
    """No parameter has a limit that no case holds."""
    assert any(parameter.name == case.field.replace(".1.", ".N.") for case in CASES)


@pytest.mark.parametrize("rule", [*RULES, *DATA_DISK_RULES], ids=lambda rule: rule.about)
def test_every_rule_has_a_case(rule: Rule) -> None:
    """No rule between parameters is without a case for its code."""
    assert any(rule.code == case.code for case in BETWEEN)


def test_every_code_is_one_of_the_api() -> None:
    """A consumer meets no code in a violation that CreateInstance does not answer with."""
    limits = {limit.code for each in PARAMETERS.values() for limit in each.limits} - {""}
    used = limits | {each.code for each in PARAMETERS.values()} | {rule.code for rule in [*RULES, *DATA_DISK_RULES]}
    assert used - {entry.code for entry in entries()} == set()


@pytest.mark.parametrize("name", [name for name, each in PARAMETERS.items() if NOT_EMPTY in each.limits])
def test_an_empty_text_is_refused(name: str) -> None:
    """An empty text is never sent: it means nothing, and the API takes some for missing and some for wrong."""
    flat = name.replace(".N.", ".1.")
    assert flat in {each.field for each in violations({flat: ""}, Case("", "", "", [], []).contract)}
