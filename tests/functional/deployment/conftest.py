"""Keys for commands that run in this process."""

from __future__ import annotations

import pytest
from alibabacloud_credentials.utils import auth_util

from tests.functional.deployment.keys import KEYS


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the official library find the sample keys: it reads its variables once, when it is imported."""
    monkeypatch.setattr(auth_util, "environment_access_key_id", KEYS["ALIBABA_CLOUD_ACCESS_KEY_ID"])
    monkeypatch.setattr(auth_util, "environment_access_key_secret", KEYS["ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
    monkeypatch.setattr(auth_util, "environment_security_token", None)
