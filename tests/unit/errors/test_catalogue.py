"""The catalogue as data: nothing missing, nothing vague."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shared.adapters.tablestore.client import BUSY
from shared.domain.errors.catalogue import classify, load, succeeded
from shared.domain.errors.listing import Entry, entries, special
from shared.domain.errors.model import ApiError, Retry

if TYPE_CHECKING:
    from shared.domain.errors.model import Verdict

CATEGORIES = {
    "invalid_parameter",
    "not_found",
    "unsupported",
    "capacity",
    "quota",
    "account",
    "permission",
    "authentication",
    "state",
    "throttled",
    "internal",
    "timeout",
    "vanished",
    "policy",
    "cancelled",
}
# Codes that mean exactly the same, and therefore say the same.
SYNONYMS = (
    {"InvalidParam.Tenancy", "InvalidParameter.Tenancy"},
    {"MissingParameter.PrivatePoolOptionsId", "MissingParameter.PrivatePoolOptions.Id"},
    {
        "InvalidParameter.KmsNotEnabled",
        "InvalidParameter.Encrypted.KmsNotEnable",
        "InvalidParameter.Encrypted.KmsNotEnabled",
    },
    {"InvalidPeriod.ExceededDedicatedHost", "InvalidPeriod.ExceededDedidactedHost"},
    {
        "Forbidden.InstanceNotFound",
        "Instance.Notfound",
        "InstanceNotFound",
        "InvalidInstanceId.NotFound",
        "InvalidInstanceIds.NotFound",
    },
    {"InstanceDiskNumber.LimitExceed", "InstanceDiskNumLimitExceed", "InstanceDiskLimitExceeded"},
    {"InvalidOperation.MultiGroupType", "EnterpriseGroupLimited.MutliGroupType"},
    {"InvalidOperation.NotSupportEnterpriseGroup", "EnterpriseGroupLimited.InstanceType"},
    {"InvalidParameter.Encrypted", "InvalidEncrypted.NotMatchSnapshot"},
    {"IdempotentParameterMismatch", "InvalidIdempotenceParameter.Mismatch"},
    {"Forbidden.SubUser", "Forbbiden.SubUser"},
)
ENTRIES = {(entry.status, entry.code): entry for entry in entries()}
LINES = [*entries(), *(line for code in load()["codes"] for line in special(code))]
ON_AN_INSTANCE = ("StartInstance", "AllocatePublicIpAddress", "DeleteInstance", "ModifyInstanceAutoReleaseTime")
CALLS = {"CreateInstance", *ON_AN_INSTANCE, "DescribeInstances", "DescribeInstanceStatus"}
SENDERS = {*CALLS, "any", "MNS", "Tablestore", "worker", "local cloud"}
ANSWER = {"category", "retry", "token", "unknown", "parameter", "parameterInMessage", "remedy", "success"}


def name(line: Entry) -> str:
    """Return what tells a line from every other."""
    return "-".join((str(line.status), line.code, ",".join(line.calls), line.words))


def page_pairs() -> list[tuple[int, str]]:
    """Return what the API's page lists."""
    with Path(__file__).with_name("page_pairs.tsv").open(encoding="ascii", newline="") as file:
        return [(int(row["httpStatus"]), row["code"]) for row in csv.DictReader(file, delimiter="\t")]


def test_page_is_complete() -> None:
    """Every pair the API's page lists has an entry of its own."""
    pairs = page_pairs()
    assert len(pairs) == 300
    assert [pair for pair in pairs if pair not in ENTRIES] == []


@pytest.mark.parametrize("entry", LINES, ids=name)
def test_entry_is_usable(entry: Entry) -> None:
    """An entry has a known category and a remedy that is one real sentence of its own."""
    verdict = entry.verdict
    assert verdict.category in CATEGORIES
    assert re.fullmatch(r"[A-Z][^\n]{14,178}[.]", verdict.remedy)
    assert len(verdict.remedy.split()) >= 5
    assert entry.code not in verdict.remedy
    assert verdict.catalogued
    assert entry.calls
    assert set(entry.calls) <= SENDERS
    assert set(entry.success) <= set(entry.calls)
    if verdict.unknown:
        assert verdict.retry is Retry.LATER
    if verdict.category == "throttled":
        assert not verdict.unknown


def test_sentences_are_shared_by_synonyms_only() -> None:
    """Codes share a remedy only where they truly mean the same."""
    by_remedy = defaultdict(set)
    for line in LINES:
        by_remedy[line.verdict.remedy].add(line.code)
    shared = {frozenset(codes) for codes in by_remedy.values() if len(codes) > 1}
    assert shared == set(map(frozenset, SYNONYMS))


def test_statuses_that_mean_different_things_say_so() -> None:
    """A code at 400, 403 and 404 has a remedy for each where the meaning differs."""
    for code in ("IoOptimized.NotSupported", "InvalidDiskCategory.NotSupported", "Zone.NotOnSale"):
        remedies = [entry.verdict.remedy for (_, other), entry in ENTRIES.items() if other == code]
        assert len(set(remedies)) == len(remedies) > 1


def test_what_the_store_repeats_is_listed() -> None:
    """Every code after which the store's calls are repeated has an entry that says so."""
    for code in BUSY:
        assert {entry.verdict.retry for (_, other), entry in ENTRIES.items() if other == code} == {Retry.LATER}


def test_other_parts_of_the_catalogue_have_remedies() -> None:
    """Families, statuses and what answers for an instance that exists are whole answers, too."""
    catalogue = load()
    for answer in (*catalogue["families"].values(), *catalogue["statuses"].values()):
        check_whole(answer)
    for category, answer in catalogue["existing"]["answers"].items():
        check_whole(answer)
        assert (answer["category"], answer["retry"]) == (category, "later")


def check_whole(answer: dict[str, Any], *more: str) -> None:
    """Hold an answer to having all that makes one, and nothing that nobody reads."""
    assert {"category", "retry", "remedy"} <= answer.keys() <= ANSWER | set(more)
    assert answer["category"] in CATEGORIES
    assert answer["remedy"].endswith(".")


def check_statuses(statuses: dict[str, Any]) -> None:
    """Hold what is said at a status to being a whole answer, or nothing but words and sources."""
    for at in statuses.values():
        if at.keys() - {"messages", "sources"}:
            check_whole(at, "messages", "sources")
        for answer in at.get("messages", ()):
            check_whole(answer, "contains", "sources")
            assert answer["contains"] == answer["contains"].lower()


@pytest.mark.parametrize("code", load()["codes"])
def test_every_answer_is_whole(code: str) -> None:
    """What is different for a call, a status or a message is said with everything that belongs to it."""
    entry = load()["codes"][code]
    check_whole(entry, "sentBy", "sources", "statuses", "calls")
    check_statuses(entry["statuses"])
    for call, answer in entry.get("calls", {}).items():
        assert call in CALLS
        check_whole(answer, "sources", "statuses")
        check_statuses(answer.get("statuses", {}))


def test_every_line_names_its_sources() -> None:
    """Where each line is known from is written out, and no source is there for nothing."""
    sources = load()["sources"]
    named = {name for line in LINES for name in line.sources}
    assert all(line.sources for line in LINES)
    assert named == sources.keys()


def test_words_decide_for_two_codes_only() -> None:
    """Only the code that says nothing, and the one that security tokens hide behind, are told apart by words."""
    assert {line.code for line in LINES if line.words} == {"OperationDenied", "InvalidParameter"}
    assert {line.words for line in LINES if line.code == "InvalidParameter" and line.words} == {"securitytoken."}


@pytest.mark.parametrize("line", LINES, ids=name)
def test_no_line_lies(line: Entry) -> None:
    """What a line says is what an error with its code, status, call and words is classified as."""
    for call in calls_of(line):
        for status in statuses_of(line):
            error = ApiError(call, status, line.code, f"So it is: {line.words.upper()}.")
            found = classify(error)
            if line.verdict.parameter is None:
                found = replace(found, parameter=None)
            assert found == line.verdict or moved(call, line, found)
            assert succeeded(error) is (call in line.success and status is not None)


def moved(call: str, line: Entry, found: Verdict) -> bool:
    """Tell whether a line for any call asks for another offer, which an instance that exists cannot use."""
    return line.verdict.retry is Retry.ALTERNATIVE and call in ON_AN_INSTANCE and found.retry is Retry.LATER


def calls_of(line: Entry) -> list[str]:
    """Return the calls of ECS that a line speaks of."""
    own = load()["codes"][line.code].get("calls", {})
    return [call for call in (*CALLS, *line.calls) if call in line.calls or ("any" in line.calls and call not in own)]


def statuses_of(line: Entry) -> list[int | None]:
    """Return the statuses that a line speaks of."""
    entry = load()["codes"][line.code]
    if line.status is not None or "none" in entry["statuses"]:
        return [line.status]
    own = entry.get("calls", {}).get(line.calls[0], {}).get("statuses", {})
    return [int(status) for status in entry["statuses"] if status.isdigit() and status not in own] or [400, 403]


@pytest.mark.parametrize("call", ON_AN_INSTANCE)
def test_an_instance_has_no_alternative(call: str) -> None:
    """No code, family or status asks for another offer when the call is about an instance that exists."""
    codes = [*load()["codes"], *(f"{family}.Purple" for family in load()["families"]), "Purple"]
    statuses = [None, *range(400, 600)]
    found = {(code, status) for code in codes for status in statuses if asks_for_another(call, status, code)}
    assert found == set()


def asks_for_another(call: str, status: int | None, code: str) -> bool:
    """Tell whether an answer means that another offer is needed."""
    return classify(ApiError(call, status, code, "")).retry is Retry.ALTERNATIVE
