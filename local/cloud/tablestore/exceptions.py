"""The refusals of Tablestore, under their documented status and code."""

from __future__ import annotations

from local.cloud.service import ServiceError


def invalid(message: str) -> ServiceError:
    """Refuse a request that breaks a rule of the interface."""
    return ServiceError(400, "OTSParameterInvalid", message)


def unauthorized(message: str) -> ServiceError:
    """Refuse a caller."""
    return ServiceError(403, "OTSAuthFailed", message)


def no_table(name: str) -> ServiceError:
    """Refuse an operation on a table that is not there."""
    return ServiceError(404, "OTSObjectNotExist", f"Requested table does not exist: {name}.")


def table_exists(name: str) -> ServiceError:
    """Refuse to create a table twice."""
    return ServiceError(409, "OTSObjectAlreadyExist", f"Requested table already exists: {name}.")


def condition_failed() -> ServiceError:
    """Refuse a write whose condition does not hold."""
    return ServiceError(403, "OTSConditionCheckFail", "Condition check failed.")


def invalid_key(message: str) -> ServiceError:
    """Refuse a primary key that does not fit the table."""
    return ServiceError(400, "OTSInvalidPK", message)


def too_many_columns(limit: int) -> ServiceError:
    """Refuse a row with too many attribute columns."""
    return ServiceError(400, "OTSOutOfColumnCountLimit", f"The number of columns exceeds the limit of {limit}.")


def too_large() -> ServiceError:
    """Refuse a request whose body is too large."""
    return ServiceError(413, "OTSRequestBodyTooLarge", "The size of POST data is too large.")
