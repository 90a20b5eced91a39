from __future__ import annotations

import pytest

from shared.domain.create_instance.view import CheckOptions
from shared.settings import Settings, SettingsError

SQLITE = {
    "PROVISIONER_DEPLOYMENT": "test",
    "PROVISIONER_STORE": "sqlite",
    "PROVISIONER_SQLITE_PATH": "/tmp/store.db",  # noqa: S108 - never opened
    "PROVISIONER_MNS_ENDPOINT": "https://1000000000000001.mns.cn-hangzhou.aliyuncs.com",
}
TABLESTORE = {
    "PROVISIONER_DEPLOYMENT": "test",
    "PROVISIONER_STORE": "tablestore",
    "PROVISIONER_TABLESTORE_ENDPOINT": "https://provisioner.cn-hangzhou.ots.aliyuncs.com",
    "PROVISIONER_TABLESTORE_INSTANCE": "provisioner",
    "PROVISIONER_MNS_ENDPOINT": "http://127.0.0.1:4566",
}


def problems(environ: dict[str, str]) -> tuple[str, ...]:
    """Return what is wrong with an environment."""
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return caught.value.problems


def test_defaults() -> None:
    """What is not set has its documented default."""
    settings = Settings.from_environment(SQLITE)
    assert (settings.queue, settings.topic) == ("provision-requests", "provision-outcomes")
    assert (settings.requests_table, settings.open_table) == ("provision_requests", "provision_open")
    assert (settings.workers, settings.call_seconds, settings.poll_seconds) == (20, 15, 55)
    assert (settings.site, settings.unlisted, settings.log_level) == ("international", "refuse", "info")
    assert settings.ecs_endpoint is None
    assert (settings.ecs_parameters, settings.inline_secrets) == ("body", "allow")


def test_tablestore_needs_no_path() -> None:
    """Each store asks for its own variables only."""
    assert Settings.from_environment(TABLESTORE).tablestore_instance == "provisioner"


def test_all_missing_at_once() -> None:
    """Every missing variable is named in one error."""
    text = " ".join(problems({}))
    for name in ("DEPLOYMENT", "STORE", "MNS_ENDPOINT"):
        assert f"PROVISIONER_{name} is not set" in text
    assert any("SQLITE_PATH" in one for one in problems({"PROVISIONER_STORE": "sqlite"}))
    assert len(problems({"PROVISIONER_STORE": "tablestore"})) == 4


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("STORE", "mysql", "not one of: sqlite, tablestore"),
        ("WORKERS", "many", "no whole number"),
        ("WORKERS", "2.5", "no whole number"),
        ("WORKERS", "0", "not within 1 to 64"),
        ("CALL_SECONDS", "nan", "not within"),
        ("CALL_SECONDS", "inf", "not within"),
        ("SITE", "moon", "not one of"),
        ("LOG_LEVEL", "loud", "not one of"),
        ("ECS_PARAMETERS", "header", "not one of: body, query"),
        ("INLINE_SECRETS", "warn", "not one of: allow, refuse"),
        ("QUEUE", "two words", "does not match"),
        ("DEPLOYMENT", "a/b", "does not match"),
        ("DEPLOYMENT", "x" * 64, "does not match"),
        ("SETTLE_SECONDS", "30", "must cover SKEW_SECONDS"),
        ("MNS_ENDPOINT", "http://mns.example.com", "must start with https://"),
        ("MNS_ENDPOINT", "mns.example.com", "no URL"),
        ("MNS_ENDPOINT", "https://host:port", "no URL"),
        ("MNS_ENDPOINT", "https://host/path", "scheme and host only"),
        *(
            ("ECS_ENDPOINT", f"https://{odd}", "scheme and host only")
            for odd in (
                "@host",
                ":@host",
                "host:",
                "host:0",
                "host?",
                "host#",
                "ho st",
                "host\tx",
                "host;x",
                "host%2f.example",
                "h\u00f6st",
                "ho\u2044st",
                ".",
                "-",
                "a..b",
                "host\\\\@example.com",
            )
        ),
        ("ECS_ENDPOINT", "http://127.0.0.1.example.com", "must start with https://"),
        ("ECS_ENDPOINT", "http://10.0.0.1", "must start with https://"),
    ],
)
def test_wrong_values(name: str, value: str, says: str) -> None:
    """A wrong value is named with its variable and what would be right."""
    (problem,) = problems(SQLITE | {f"PROVISIONER_{name}": value})
    assert problem.startswith(f"PROVISIONER_{name} ")
    assert says in problem


@pytest.mark.parametrize("url", ["http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:8080", "https://a.b/"])
def test_plain_http_to_loopback_only(url: str) -> None:
    """Plain HTTP is for this machine; elsewhere it is HTTPS."""
    settings = Settings.from_environment(SQLITE | {"PROVISIONER_ECS_ENDPOINT": url})
    assert settings.ecs_endpoint == url.rstrip("/")


def test_a_password_in_a_url_is_not_repeated() -> None:
    """An endpoint with a password is refused without showing it."""
    (problem,) = problems(SQLITE | {"PROVISIONER_MNS_ENDPOINT": "https://user:hunter2@host"})
    assert "hunter2" not in problem


def test_timings_and_check_options() -> None:
    """The domain gets its timings and the options of its checks from the settings."""
    chosen = {"GRACE_SECONDS": "7", "SITE": "mainland", "UNLISTED": "warn", "INLINE_SECRETS": "refuse"}
    settings = Settings.from_environment(SQLITE | {f"PROVISIONER_{name}": value for name, value in chosen.items()})
    assert settings.timings.grace_seconds == 7
    assert settings.timings.deployment == "test"
    assert settings.check_options == CheckOptions("mainland", "warn", "refuse")
