"""The error catalogue, `catalogue.json`, and how an error finds its answer in it.

An answer is whole: category, retry, token, parameter and remedy stand together and are never mixed with another's.
`codes` has one entry per code. The entry is itself the answer, and that of `statuses` at which nothing else is said.
An entry under its `calls` takes its place when that call answers so, with statuses of its own. Where one code serves
unrelated causes (bare `OperationDenied`), a status has `messages`: the first whose `contains` is in the API's
lower-cased words is the answer. Everywhere else codes decide, never words.

For codes without an entry, `families` are dot-separated prefixes and `statuses` the last resort. What asks for
another offer helps no instance that exists: for the calls about one, `existing` answers then, by category.
The file is read once and only when it is first needed.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.domain.errors.model import Retry, TokenRule, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.domain.errors.model import ApiError

Answer = dict[str, Any]
_PATH = Path(__file__).with_name("catalogue.json")
# Of a code nobody has seen: throttle before quota before whatever its first part says.
_FIRST = ("Throttling", "Quota")
_QUOTED_NAME = re.compile(r'"\s*([A-Z][A-Za-z0-9.]{1,63})\s*"')
_THROTTLED, _REFUSED, _BROKEN = 429, 400, 500


@cache
def load() -> dict[str, Any]:
    """Return the catalogue as it is written."""
    data: dict[str, Any] = json.loads(_PATH.read_text(encoding="ascii"))
    return data


def verdict(answer: Mapping[str, Any], *, catalogued: bool = True, parameter: str | None = None) -> Verdict:
    """Read a verdict out of one answer; `parameter` is used where the answer names none."""
    retry = Retry(answer["retry"])
    return Verdict(
        category=answer["category"],
        retry=retry,
        # Without a rule of its own a retry keeps its token; everything else is a definite failure.
        token=TokenRule(answer.get("token") or _usual_token(retry)),
        parameter=answer.get("parameter") or parameter,
        remedy=answer["remedy"],
        unknown=answer.get("unknown", False),
        catalogued=catalogued,
    )


def _usual_token(retry: Retry) -> TokenRule:
    return TokenRule.SAME if retry is Retry.LATER else TokenRule.NEXT


def is_answer(entry: Mapping[str, Any]) -> bool:
    """Tell whether an entry of `statuses` answers for itself; one that does not leaves it to what holds it."""
    return "remedy" in entry


def succeeded(error: ApiError) -> bool:
    """Tell whether the error says that what was asked for is already the case (or, for a dry run, would be)."""
    entry = load()["codes"].get(error.code)
    if entry is None or error.http_status is None or error.http_status < _REFUSED:
        return False
    return error.action in _find(entry, error).get("success", ())


def classify(error: ApiError) -> Verdict:
    """Return what an error means. Total: any status with any code has a verdict."""
    catalogue = load()
    if not error.sent:
        return verdict(catalogue["statuses"]["unsent"])
    entry = catalogue["codes"].get(error.code)
    status = error.http_status
    if status is not None and status < _REFUSED:
        # An answer that is no refusal and could not be read: the call may well have succeeded, whatever it says.
        return verdict(catalogue["statuses"]["answered"])
    if status is None and not error.code:
        return verdict(catalogue["statuses"]["none"])
    answer = _unlisted(catalogue, error) if entry is None else _find(entry, error)
    if answer["retry"] == Retry.ALTERNATIVE.value and error.action in catalogue["existing"]["calls"]:
        return verdict(catalogue["existing"]["answers"][answer["category"]], catalogued=False)
    named = _QUOTED_NAME.search(error.message) if answer.get("parameterInMessage") and entry is not None else None
    return verdict(answer, catalogued=entry is not None, parameter=named[1] if named else None)


def _find(entry: Answer, error: ApiError) -> Answer:
    """Return the one answer of an entry: the call's own, the status's, the message's."""
    of_call: Answer = entry.get("calls", {}).get(error.action, entry)
    of_status: Answer = of_call.get("statuses", {}).get(str(error.http_status), {})
    words = error.message.lower()
    said = (answer for answer in of_status.get("messages", ()) if answer["contains"] in words)
    return next(said, of_status if is_answer(of_status) else of_call)


def _unlisted(catalogue: dict[str, Any], error: ApiError) -> Answer:
    """Return what a code nobody has seen resembles, or else what its status says."""
    status = error.http_status
    family = None if status == _THROTTLED else _family(catalogue["families"], error.code)
    if family is None:
        return _by_status(catalogue["statuses"], status)
    if (status is None or status >= _BROKEN) and family["category"] != "throttled":
        # A broken answer: what the code resembles does not tell that nothing was created.
        return {**family, "retry": Retry.LATER.value, "token": TokenRule.SAME.value, "unknown": True}
    return family


def _family(families: dict[str, Any], code: str) -> Answer | None:
    parts = code.split(".")
    for word in _FIRST:
        if any(part.startswith(word) for part in parts):
            return families[word]  # type: ignore[no-any-return] # JSON
    prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((families[prefix] for prefix in prefixes if prefix in families), None)


def _by_status(statuses: dict[str, Any], status: int | None) -> Answer:
    exact = statuses.get(str(status))
    if exact is None:
        exact = statuses["5xx" if status is None or status >= _BROKEN else "4xx"]
    return exact  # type: ignore[no-any-return] # JSON
