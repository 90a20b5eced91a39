"""The part of SLS that the alarms' queries keep to, evaluated over log lines.

A query is conditions joined with `and` (`field: value`, `field: *`), a bar, and `SELECT` with one of `count(*)` and
`max("field")`, under a name; with `GROUP BY`, the field that is grouped by comes first, under its name. Anything else
is refused, so a query that is not understood here cannot be in the template. As in SLS, count(*) over nothing is one
row with 0, max over nothing and groups of nothing are no row, and `NoDataFire: false` is silent then.
"""

from __future__ import annotations

import json
import operator
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Line = dict[str, Any]
"""What SLS holds of a line: fields by name, those of the worker's own JSON below `message`."""

OPERATORS = {">": operator.gt, ">=": operator.ge, "<": operator.lt}
_CONDITION = re.compile(r"(?P<field>[\w.]+): (?P<value>[\w-]+|\*)")
_SELECT = re.compile(
    r'SELECT (?:"(?P<group>[\w.]+)" AS (?P<label>\w+), )?(?:(?P<count>count\(\*\))|max\("(?P<field>[\w.]+)"\))'
    r" AS (?P<name>\w+)(?: GROUP BY (?P<by>\w+))?"
)
_TEST = re.compile(r"(?P<name>\w+) (?P<operator>>=|>|<) (?P<number>\d+)")
_UNITS = {"m": 60, "h": 3600}


class NotInSubset(Exception):
    """A query says something that is not of the subset."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood."""

    conditions: tuple[tuple[str, str], ...]
    name: str
    field: str | None
    group: str | None

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query; raise NotInSubset."""
        search, bar, select = text.partition(" | ")
        found = _SELECT.fullmatch(select)
        conditions = [_CONDITION.fullmatch(part) for part in search.split(" and ")]
        if not bar or found is None or found["label"] != found["by"] or None in conditions:
            raise NotInSubset(text)
        pairs = tuple((item["field"], item["value"]) for item in conditions if item)
        return cls(pairs, found["name"], found["field"], found["group"])

    @property
    def fields(self) -> set[str]:
        """Every field it names."""
        return {name for name, _ in self.conditions} | {name for name in (self.field, self.group) if name}

    def rows(self, lines: Iterable[Line]) -> list[float]:
        """Return the number of each row."""
        groups: dict[str, list[Line]] = {} if self.group or self.field else {"": []}
        for line in lines:
            if all(_holds(look(line, field), value) for field, value in self.conditions):
                groups.setdefault(str(look(line, self.group)) if self.group else "", []).append(line)
        if self.field is None:
            return [float(len(group)) for group in groups.values()]
        numbers = ([look(line, self.field) for line in group] for group in groups.values())
        return [max(float(number) for number in group if number is not None) for group in numbers]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert rule: its query, how far it looks back in seconds, and the condition that fires it."""

    query: Query
    seconds: float
    condition: str

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> Alarm:
        """Read the properties of an ALIYUN::SLS::Alert, worked out; raise NotInSubset."""
        configuration = properties["Detail"]["Configuration"]
        (query,) = configuration["QueryList"]
        (severity,) = configuration["SeverityConfigurations"]
        start = re.fullmatch(r"-(\d+)([mh])", query["Start"])
        condition = severity["EvalCondition"]["Condition"]
        if start is None or _TEST.fullmatch(condition) is None or configuration["NoDataFire"]:
            raise NotInSubset(f"{query['Start']}: {condition}")
        return cls(Query.parse(query["Query"]), int(start[1]) * _UNITS[start[2]], condition)

    def fires(self, lines: Iterable[Line], now: float) -> bool:
        """Tell whether it fires at a moment, over the lines in its window."""
        test = _TEST.fullmatch(self.condition)
        assert test is not None
        assert test["name"] == self.query.name
        seen = [line for line in lines if now - self.seconds <= line["__time__"] <= now]
        return any(OPERATORS[test["operator"]](row, float(test["number"])) for row in self.query.rows(seen))


def collected(text: str, function: str) -> list[Line]:
    """Return the lines of a function's output as the log store has them: JSON in the field `message`."""
    lines = []
    for line in text.splitlines():
        if line.startswith("{"):
            message = json.loads(line)
            lines.append({"__time__": moment(message["time"]), "functionName": function, "message": message})
    return lines


def invocation(function: str, now: float, *, failed: bool) -> Line:
    """Return the platform's own line for one invocation (request metrics)."""
    return {"__time__": now, "functionName": function, "hasFunctionError": str(failed).lower()}


def moment(text: str) -> float:
    """Return a log line's time in epoch seconds."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def look(line: Line, field: str | None) -> Any:
    """Return a field of a line, None when it has none."""
    value: Any = line
    for part in (field or "").split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _holds(found: object, wanted: str) -> bool:
    """Tell whether a search condition holds: words match without case; `*` is any value."""
    return found is not None and (wanted == "*" or str(found).lower() == wanted.lower())
