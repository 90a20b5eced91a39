"""What an answer of the cloud means, in the words of the error catalogue."""

from __future__ import annotations

from typing import Any

from shared.domain.errors.catalogue import classify
from shared.domain.errors.model import ApiError


def meaning(action: str, status: int | None, code: str, words: str = "") -> dict[str, Any]:
    """Return code, status, category, whether to try again, and what to do; `words` are the API's, where known."""
    verdict = classify(ApiError(action, status, code, words))
    return {
        "code": code or "NoAnswer",
        "status": status,
        "category": verdict.category,
        "retry": verdict.retry.value,
        "remedy": verdict.remedy,
    }


def meaning_of(error: dict[str, Any]) -> dict[str, Any]:
    """Return the same of an outcome's `error`, with the API's own words."""
    names = ("code", "category", "retry", "remedy", "message", "parameter")
    return {name: error.get(name) for name in names} | {"status": error.get("httpStatus")}
