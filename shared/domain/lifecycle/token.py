"""Digests that name things: client tokens and event ids."""

from __future__ import annotations

import hashlib
import json


def client_token(deployment: str, request_id: str, nonce: str, generation: int) -> str:
    """Return the ClientToken of one generation: 64 ASCII characters, no parameter in it.

    The nonce is made once, at the claim, and stored: a request id that is used again after its record is gone gets
    other tokens.
    """
    return digest("token", deployment, request_id, nonce, generation)


def event_id(*parts: str) -> str:
    """Return a CloudEvents id: the same parts give the same id."""
    return digest("event", *parts)[:32]


def digest(*parts: str | int) -> str:
    """Return a SHA-256 over parts that cannot run into each other."""
    return hashlib.sha256(_encode(parts).encode()).hexdigest()


_encode = json.JSONEncoder().encode
