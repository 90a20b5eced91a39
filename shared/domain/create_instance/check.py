"""All limits and rules over flat parameters, in one pass that never raises."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.domain.create_instance import disk_rules, rules
from shared.domain.create_instance.json_types import KINDS, TYPES, shown
from shared.domain.create_instance.names import lookup
from shared.domain.create_instance.parameters import MAX_TAGS, REQUIRED, SECRET_PARAMETERS
from shared.domain.create_instance.schema import Violation
from shared.domain.create_instance.view import CheckOptions, ParameterView, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shared.domain.create_instance.schema import Finding, Rule, Scalar

RULES: tuple[Rule, ...] = (
    *rules.INSTANCE,
    *rules.PLACEMENT,
    *disk_rules.RULES,
    *rules.BILLING,
    *rules.TAGS,
)


@dataclass(slots=True)
class Findings:
    """What refuses a request, and what is only remarked; values that are merely not listed are either."""

    lenient: bool = False
    violations: list[Violation] = field(default_factory=list)
    warnings: list[Violation] = field(default_factory=list)

    def add(self, name: str, code: str, words: str, *, listed: bool = False) -> None:
        """Note a breach; `listed` when it is one of a list that may have grown."""
        target = self.warnings if listed and self.lenient else self.violations
        target.append(Violation(name, code, words))


def check_parameters(
    flat: Mapping[str, Scalar], options: CheckOptions | None = None, *, max_tags: int = MAX_TAGS
) -> list[Violation]:
    """Return every violation of the documented limits and rules; fields are flat names without a prefix."""
    return examine(flat, options or CheckOptions(), max_tags=max_tags).violations


def examine(
    flat: Mapping[str, Scalar],
    options: CheckOptions,
    *,
    max_tags: int = MAX_TAGS,
    unreadable: Collection[str] = (),
    settled: Collection[str] = (),
) -> Findings:
    """Return violations and warnings.

    `unreadable` are names that were given with values of a wrong type: they are not missing, and a rule that would
    have to look at one says nothing. `settled` are names whose values were read and held to their own limits before:
    only the rules between parameters still look at them.
    """
    findings = Findings(options.unlisted == "warn")
    readable: dict[str, Scalar] = {}
    unreadable = set(unreadable)
    for name, value in flat.items():
        if name in settled:
            readable[name] = value
            continue
        parameter = lookup(name)
        if parameter is None or type(value) not in TYPES[parameter.kind]:
            words = "there is no such parameter" if parameter is None else f"must be {KINDS[parameter.kind]}"
            findings.add(name, "InvalidParameter", words)
            unreadable.add(name)
            continue
        readable[name] = value
        for limit in parameter.limits:
            if not limit.holds(value):
                words = _with_value(f"must {limit.words}", name, value)
                findings.add(name, limit.code or parameter.code, words, listed=limit.listed)
        if parameter.remark:
            findings.warnings.append(Violation(name, "Remark", parameter.remark))
    for name in REQUIRED:
        if name not in readable and name not in unreadable:
            findings.add(name, "MissingParameter", "is required")
    _rules(findings, ParameterView(readable, options, unreadable), max_tags)
    return findings


def _rules(findings: Findings, view: ParameterView, max_tags: int) -> None:
    for rule in [rule for rule in RULES if not rule.when or rule.when in view.present]:
        _apply(findings, rule, view)
    _apply_to(findings, disk_rules.DISK_RULES, view, "SystemDisk")
    for disk in view.data_disks:
        _apply_to(findings, disk_rules.DATA_DISK_RULES, view, disk)
    tag_count = max(view.numbered["Tag"], default=0)
    if tag_count > max_tags:
        findings.add("Tag", "QuotaExceed.Tags", f"can have at most {max_tags} items, and has {tag_count}")
    findings.warnings += [Violation(name, "Ignored", words) for name, words in _found(rules.ignored, view)]


def _apply_to(findings: Findings, rules: tuple[Rule, ...], view: ParameterView, disk: str) -> None:
    for rule in [rule for rule in rules if f"{disk}.{rule.when}" in view.flat]:
        _apply(findings, rule, view, disk)


def _apply(findings: Findings, rule: Rule, view: ParameterView, *disk: str) -> None:
    for name, words in _found(rule.breaches, view, *disk):
        findings.add(name, rule.code, _with_value(words, name, view.flat.get(name)), listed=rule.listed)


def _found(breaches: Callable[..., Iterable[Finding]], view: ParameterView, *disk: str) -> tuple[Finding, ...]:
    try:
        return tuple(breaches(view, *disk))
    except Unreadable:
        return ()


def _with_value(words: str, name: str, value: Scalar | None) -> str:
    if value is None or name in SECRET_PARAMETERS:
        return words
    return f"{words}; given: {shown(value)}"
