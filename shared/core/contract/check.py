"""All limits and rules over flat parameters, in one pass that never raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.core.contract import billing, instance, placement, storage_rules, tags
from shared.core.contract.given import Contract, Given, Unreadable
from shared.core.contract.table import REQUIRED, lookup
from shared.core.contract.words import KINDS, shown
from shared.core.request import SECRET_PARAMETERS, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shared.core.contract.parameter import Finding, Parameter, Rule
    from shared.core.request import Scalar

RULES: tuple[Rule, ...] = instance.RULES + placement.RULES + storage_rules.RULES + billing.RULES + tags.RULES


@dataclass(slots=True)
class Findings:
    """What refuses a request, and what is only remarked."""

    violations: list[Violation] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)


def check_parameters(
    flat: Mapping[str, Scalar], contract: Contract | None = None, *, max_tags: int = tags.MAX_TAGS
) -> list[Violation]:
    """Return every violation of the documented limits and rules; fields are flat names without a prefix."""
    return examine(flat, contract or Contract(), max_tags=max_tags).violations


def examine(
    flat: Mapping[str, Scalar],
    contract: Contract,
    *,
    max_tags: int = tags.MAX_TAGS,
    unreadable: Collection[str] = (),
) -> Findings:
    """Return violations and warnings.

    `unreadable` are names that were given with values of a wrong type: they are not missing, and a rule that would
    have to look at one says nothing.
    """
    findings = Findings()
    listed = findings.warnings if contract.unlisted == "warn" else findings.violations
    readable: dict[str, Scalar] = {}
    unreadable = set(unreadable)
    for name, value in flat.items():
        parameter = lookup(name)
        if parameter is not None and _is_of(value, parameter):
            readable[name] = value
            _limits(parameter, name, value, findings, listed)
        else:
            words = "there is no such parameter" if parameter is None else f"must be {KINDS[parameter.kind]}"
            findings.violations.append(Violation(name, "InvalidParameter", words))
            unreadable.add(name)
    given = Given(readable, contract, unreadable)
    findings.violations += [
        Violation(name, "MissingParameter", "is required")
        for name in REQUIRED
        if name not in readable and name not in unreadable
    ]
    for rule in RULES:
        if not rule.when or given.has(rule.when):
            _apply(rule, findings, listed, given)
    for rules, disks in (
        (storage_rules.DISK_RULES, ("SystemDisk",)),
        (storage_rules.DATA_DISK_RULES, given.data_disks),
    ):
        for disk in disks:
            for rule in rules:
                if given.has(f"{disk}.{rule.when}"):
                    _apply(rule, findings, listed, given, disk)
    _count_tags(given, max_tags, findings)
    findings.warnings += [Violation(name, "Ignored", words) for name, words in _found(billing.ignored, given)]
    return findings


def _is_of(value: object, parameter: Parameter) -> bool:
    kind = type(value)
    return kind is parameter.kind or (kind is int and parameter.kind is float)


def _limits(parameter: Parameter, name: str, value: Scalar, findings: Findings, listed: list[Violation]) -> None:
    for limit in parameter.limits:
        if not limit.holds(value):
            words = _with_value(f"must {limit.words}", name, value)
            (listed if limit.listed else findings.violations).append(
                Violation(name, limit.code or parameter.code, words)
            )
    if parameter.remark:
        findings.warnings.append(Violation(name, "Remark", parameter.remark))


def _apply(rule: Rule, findings: Findings, listed: list[Violation], given: Given, *disk: str) -> None:
    for name, words in _found(rule.breaches, given, *disk):
        said = Violation(name, rule.code, _with_value(words, name, given.flat.get(name)))
        (listed if rule.listed else findings.violations).append(said)


def _found(breaches: Callable[..., Iterable[Finding]], given: Given, *disk: str) -> tuple[Finding, ...]:
    try:
        return tuple(breaches(given, *disk))
    except Unreadable:
        return ()


def _with_value(words: str, name: str, value: Scalar | None) -> str:
    if value is None or name in SECRET_PARAMETERS:
        return words
    return f"{words}; given: {shown(value)}"


def _count_tags(given: Given, most: int, findings: Findings) -> None:
    count = max(given.numbered["Tag"], default=0)
    if count > most:
        findings.violations.append(
            Violation("Tag", "QuotaExceed.Tags", f"can have at most {most} items, and has {count}")
        )
