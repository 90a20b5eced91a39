"""The text of docs/parameters.md, made from the parameter table and its rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.check import RULES
from shared.domain.create_instance.disk_rules import (
    DATA_DISK_RULES,
    DATA_SIZES,
    DISK_RULES,
    ESSD_SIZES,
    OTHER_SYSTEM_SIZES,
    SYSTEM_SIZES,
    UNDECIDED_SIZES,
)
from shared.domain.create_instance.json_types import KINDS
from shared.domain.create_instance.names import FIXED, OMITTED
from shared.domain.create_instance.parameters import SECTIONS
from shared.domain.create_instance.rules import PERIODS, RENEWALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.domain.create_instance.schema import Parameter

_HEAD = """\
# Parameters

Every parameter a message can give, its limits, and the code a breach is answered with. Made from the tables in
`shared/domain/create_instance/` by `make docs`; the source is Alibaba Cloud's page of CreateInstance, 10 April 2026.

Two spellings, which may be mixed: nested (`"SystemDisk": {"Size": 40}`, `"DataDisk": [{"Size": 100}]`) and flat
(`"SystemDisk.Size": 40`, `"DataDisk.1.Size": 100`). Items are numbered from 1 without gaps. A name given twice, in one
spelling or in several, is refused. `Tag.N.key` and `Tag.N.value` are `Tag.N.Key` and `Tag.N.Value`.

A number or a boolean may be written as text, as the command line and the query string do: `"40"`, `"0.980000"` and
`"True"` are 40, 0.98 and true, and make the same request. The text of a number is what JSON would write: no spaces, no
unit, no leading zeros; no fraction for an integer. Booleans are `true` or `false` in any case; 1 is neither. Only a
tag's value may be the empty text: leave other parameters out. Base64 may have line breaks; they are not sent. The
fields beside `parameters` are strict: no `"900"` for 900.

Values under *one of* are those the page lists; `PROVISIONER_UNLISTED=warn` lets others through with a warning.
"""


def parameters_page() -> str:
    """Return the page."""
    parts = [_HEAD]
    for title, parameters in SECTIONS:
        rows = map(_row, parameters)
        parts.append(f"## {title}\n\n" + _table(("Parameter", "Type", "A value must", "Code", "What it is"), rows))
    parts.append("## Rules between parameters\n\n" + _table(("Rule", "Code"), _rules()))
    parts.append("## Disk sizes\n\n" + _table(("Disk", "Category", "GiB"), _sizes()))
    parts.append("## Periods\n\n" + _table(("Site", "Parameter", "Unit", "Lengths"), _periods()))
    parts.append(_REST + _table(("Name", "Why it is refused"), ((f"`{name}`", why) for name, why in OMITTED.items())))
    return "\n".join(parts)


_REST = f"""\
## Alternatives

An alternative can change every parameter but {", ".join(sorted(FIXED))}.
It is laid over by flat name; a list replaces the whole list; null removes.

## Refused names

"""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _row(parameter: Parameter) -> tuple[str, ...]:
    about = f"{parameter.about} A warning: {parameter.remark}." if parameter.remark else parameter.about
    return f"`{parameter.name}`", KINDS[parameter.kind], _limits(parameter), f"`{parameter.code}`", about


def _limits(parameter: Parameter) -> str:
    words = [
        f"{limit.words} (`{limit.code}`)" if limit.code not in ("", parameter.code) else limit.words
        for limit in parameter.limits
    ]
    return "; ".join(words) or "-"


def _rules() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule.about, f"`{rule.code}`"
    for rule in DISK_RULES:
        yield f"Any disk: {rule.about}", f"`{rule.code}`"
    for rule in DATA_DISK_RULES[len(DISK_RULES) :]:
        yield f"Data disk: {rule.about}", f"`{rule.code}`"


def _sizes() -> Iterator[tuple[str, str, str]]:
    system = SYSTEM_SIZES | {"any other": OTHER_SYSTEM_SIZES}
    levels = {f"cloud_essd, {level}": sizes for level, sizes in ESSD_SIZES.items()}
    undecided = {"none, and no IoOptimized": UNDECIDED_SIZES}
    for disk, table in (("system", system), ("data", DATA_SIZES | levels | undecided)):
        for category, (low, high) in table.items():
            yield disk, category, f"{low} to {high}"


def _periods() -> Iterator[tuple[str, str, str, str]]:
    for name, table in (("`Period`", PERIODS), ("`AutoRenewPeriod`", RENEWALS)):
        for site, units in table.items():
            for unit, lengths in units.items():
                yield site, name, unit, ", ".join(map(str, lengths))
