"""Asks the local cloud where its worker keeps its records, and tells it; what else answers there is named as such."""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any

from local.terminal.output import WrongUse

SECONDS = 5.0
PATH = "/_local/worker"
_OPEN = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
START = "start one with `provisioner up`, or correct --endpoint"


def worker_of(endpoint: str) -> dict[str, Any]:
    """Return what the worker of the local cloud said of itself, `{"store": None, "data": None}` when there was none.

    Raises WrongUse when nothing answers there, or something that is no local cloud.
    """
    answer = _call(endpoint, None)
    if not isinstance(answer, dict) or not {"store", "data"} <= answer.keys():
        raise _foreign(endpoint)
    return answer


def tell_worker(endpoint: str, store: str, data: str) -> None:
    """Tell the local cloud where the worker that runs against it keeps its records; raise WrongUse as `worker_of`."""
    _call(endpoint, json.dumps({"store": store, "data": data}).encode())


def _call(endpoint: str, body: bytes | None) -> Any:
    request = urllib.request.Request(endpoint + PATH, data=body)  # noqa: S310 - the option's type lets HTTP through only
    try:
        with _OPEN(request, timeout=SECONDS) as answer:
            text = answer.read(65536)
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        error.close()
        raise _foreign(endpoint) from None
    except urllib.error.URLError as error:
        raise WrongUse(_unreachable(endpoint, error.reason)) from None
    except (http.client.HTTPException, ConnectionResetError):
        raise WrongUse(
            f"what listens at {endpoint} speaks no HTTP; if it speaks TLS, write https://, else {START}"
        ) from None
    except OSError as error:
        raise WrongUse(_unreachable(endpoint, error)) from None
    except ValueError:
        raise _foreign(endpoint) from None


def _foreign(endpoint: str) -> WrongUse:
    return WrongUse(f"what answers at {endpoint} is no local cloud; {START}")


def _unreachable(endpoint: str, reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate of {endpoint} is not trusted: {reason.verify_message}; a local cloud speaks http://"
    if isinstance(reason, ssl.SSLError):
        return f"what listens at {endpoint} speaks no TLS; write http://"
    if isinstance(reason, TimeoutError):
        return f"{endpoint} cannot be reached: no answer within {SECONDS:g} s; {START}"
    words = getattr(reason, "strerror", None) or type(reason).__name__
    return f"{endpoint} cannot be reached: {words}; {START}"
