"""The catalogue as data: nothing missing, nothing vague."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

from shared.adapters.tablestore.client import BUSY
from shared.domain.errors.catalogue import Entry, entries, load
from shared.domain.errors.model import Retry

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
}
# Codes that mean exactly the same, and therefore say the same.
SYNONYMS = (
    {"InvalidParam.Tenancy", "InvalidParameter.Tenancy"},
    {"MissingParameter.PrivatePoolOptionsId", "MissingParameter.PrivatePoolOptions.Id"},
    {"InvalidParameter.KmsNotEnabled", "InvalidParameter.Encrypted.KmsNotEnable"},
    {"InstanceDiskNumber.LimitExceed", "InstanceDiskNumLimitExceed", "InstanceDiskLimitExceeded"},
    {"InvalidOperation.MultiGroupType", "EnterpriseGroupLimited.MutliGroupType"},
    {"InvalidOperation.NotSupportEnterpriseGroup", "EnterpriseGroupLimited.InstanceType"},
    {"InvalidParameter.Encrypted", "InvalidEncrypted.NotMatchSnapshot"},
    {"IdempotentParameterMismatch", "InvalidIdempotenceParameter.Mismatch"},
    {"Forbidden.SubUser", "Forbbiden.SubUser"},
)
ENTRIES = {(entry.status, entry.code): entry for entry in entries()}


def page_pairs() -> list[tuple[int, str]]:
    """Return what the API's page lists."""
    with Path(__file__).with_name("page_pairs.tsv").open(encoding="ascii", newline="") as file:
        return [(int(row["httpStatus"]), row["code"]) for row in csv.DictReader(file, delimiter="\t")]


def test_page_is_complete() -> None:
    """Every pair the API's page lists has an entry of its own."""
    pairs = page_pairs()
    assert len(pairs) == 300
    assert [pair for pair in pairs if pair not in ENTRIES] == []


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=lambda entry: f"{entry.status}-{entry.code}")
def test_entry_is_usable(entry: Entry) -> None:
    """An entry has a known category and a remedy that is one real sentence of its own."""
    verdict = entry.verdict
    assert verdict.category in CATEGORIES
    assert re.fullmatch(r"[A-Z][^\n]{14,178}[.]", verdict.remedy)
    assert len(verdict.remedy.split()) >= 5
    assert entry.code not in verdict.remedy
    assert verdict.catalogued
    if verdict.unknown:
        assert verdict.retry is Retry.LATER
    if verdict.category == "throttled":
        assert not verdict.unknown


def test_sentences_are_shared_by_synonyms_only() -> None:
    """Codes share a remedy only where they truly mean the same."""
    by_remedy = defaultdict(set)
    for (_, code), entry in ENTRIES.items():
        by_remedy[entry.verdict.remedy].add(code)
    shared = [codes for codes in by_remedy.values() if len(codes) > 1]
    assert sorted(map(sorted, shared)) == sorted(map(sorted, SYNONYMS))


def test_statuses_that_mean_different_things_say_so() -> None:
    """A code at 400, 403 and 404 has a remedy for each where the meaning differs."""
    for code in ("OperationDenied", "IoOptimized.NotSupported", "InvalidDiskCategory.NotSupported", "Zone.NotOnSale"):
        remedies = [entry.verdict.remedy for (_, other), entry in ENTRIES.items() if other == code]
        assert len(set(remedies)) == len(remedies) > 1


def test_what_the_store_repeats_is_listed() -> None:
    """Every code after which the store's calls are repeated has an entry that says so."""
    for code in BUSY:
        assert {entry.verdict.retry for (_, other), entry in ENTRIES.items() if other == code} == {Retry.LATER}


def test_other_parts_of_the_catalogue_have_remedies() -> None:
    """Families, statuses and per-call overrides are entries like any other."""
    catalogue = load()
    rest = [*catalogue["families"].values(), *catalogue["statuses"].values()]
    rest += [{**entry, **call} for entry in catalogue["codes"].values() for call in entry.get("calls", {}).values()]
    for entry in rest:
        assert entry["category"] in CATEGORIES
        assert entry["remedy"].endswith(".")
