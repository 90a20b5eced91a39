from __future__ import annotations

from types import SimpleNamespace

import pytest

from shared.settings import Credentials, CredentialsMissing, read_credentials

ENVIRONMENT = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
}
LENT = SimpleNamespace(access_key_id="ctx-id", access_key_secret="ctx-secret", security_token="ctx-token")


def test_context_of_3_10() -> None:
    """The older runtime hands the role's keys over in the context; they win."""
    found = read_credentials(SimpleNamespace(credentials=LENT), ENVIRONMENT)
    assert found == Credentials("ctx-id", "ctx-secret", "ctx-token")


@pytest.mark.parametrize(
    "context",
    [SimpleNamespace(), None, SimpleNamespace(credentials=None), SimpleNamespace(credentials=SimpleNamespace())],
)
def test_context_of_3_12(context: object) -> None:
    """The newer runtime has them in the environment only."""
    assert read_credentials(context, ENVIRONMENT) == Credentials("env-id", "env-secret", "env-token")


def test_a_fixed_key_has_no_token() -> None:
    """A security token is there only when a role lent the key."""
    environment = {name: value for name, value in ENVIRONMENT.items() if "TOKEN" not in name}
    assert read_credentials(None, environment).secrets == ("env-secret",)


@pytest.mark.parametrize("name", ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET"])
def test_half_a_key_is_none(name: str) -> None:
    """Without both halves the error says which variables to set, and none of their values."""
    with pytest.raises(CredentialsMissing, match="ALIBABA_CLOUD_ACCESS_KEY_ID") as caught:
        read_credentials(None, ENVIRONMENT | {name: ""})
    assert "env-" not in str(caught.value)


def test_nothing_shows() -> None:
    """A key never shows in the text of its object."""
    assert repr(Credentials("id", "secret", "token")) == "Credentials()"
