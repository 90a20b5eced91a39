"""What a function finds in its environment on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.project import TEMPLATE
from local.runtime.access import Access
from local.runtime.environment import VariablesMissing, environment_for
from local.runtime.specification import Deployment, FunctionSpecification
from shared.settings import Settings

LOCAL = Access.local("http://127.0.0.1:4566/")
ACCOUNT = Access("id", "secret", "ap-southeast-1", "42")
EXPORTED = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret",
    "FC_REGION": "ap-southeast-1",
    "FC_ACCOUNT_ID": "42",
}


def environment(environ: dict[str, str], access: Access = LOCAL, store: str = "sqlite") -> dict[str, str]:
    """Return the queue function's environment."""
    parameters = {"ALIYUN::Region": access.region, "ALIYUN::TenantId": access.account_id}
    specification = Deployment(TEMPLATE, parameters).function("provision")
    return environment_for(specification, environ, access, store, Path("data"))


@pytest.mark.parametrize("store", ["sqlite", "tablestore"])
def test_local_environment_is_complete(store: str) -> None:
    """Template and local values together are settings without a mistake, for either store."""
    settings = Settings.from_environment(environment({}, store=store))
    assert settings.store == store
    assert settings.mns_endpoint == settings.ecs_endpoint == "http://127.0.0.1:4566"
    assert settings.deployment == "local"


def test_local_run_never_touches_the_account() -> None:
    """Whatever is exported, a local run uses the local endpoints, keys and names."""
    exported = EXPORTED | {
        "PROVISIONER_MNS_ENDPOINT": "https://42.mns.ap-southeast-1.aliyuncs.com",
        "PROVISIONER_ECS_ENDPOINT": "https://ecs.ap-southeast-1.aliyuncs.com",
        "PROVISIONER_QUEUE": "production",
        "PROVISIONER_DEPLOYMENT": "production",
    }
    found = environment(exported)
    assert found == environment({}) | {"FC_INSTANCE_ID": found["FC_INSTANCE_ID"]}


def test_local_times_give_way_to_the_callers() -> None:
    """The short local times are defaults: a caller who sets one gets it."""
    assert environment({})["PROVISIONER_SETTLE_SECONDS"] == "3"
    assert environment({"PROVISIONER_SETTLE_SECONDS": "9"})["PROVISIONER_SETTLE_SECONDS"] == "9"


def test_account_environment_is_the_templates() -> None:
    """Against the account the template's own values hold, worked out for its region and account."""
    found = environment({}, ACCOUNT)
    assert found["PROVISIONER_MNS_ENDPOINT"] == "https://42.mns.ap-southeast-1.aliyuncs.com"
    assert found["PROVISIONER_SETTLE_SECONDS"] == "120"
    assert found["ALIBABA_CLOUD_ACCESS_KEY_ID"] == "id"
    assert Settings.from_environment(found).store == "tablestore"


def test_variables_only_the_cloud_can_fill_are_named_at_once() -> None:
    """A template that takes values from the cloud needs them from the caller."""
    specification = FunctionSpecification(
        "f", "a.b", None, "python3.12", 1, 1, 128, {}, ("PROVISIONER_ONE", "PROVISIONER_TWO")
    )
    with pytest.raises(VariablesMissing, match=r"PROVISIONER_ONE, PROVISIONER_TWO"):
        environment_for(specification, {}, LOCAL, "sqlite", Path("data"))


def test_keys_are_not_shown() -> None:
    """The representation of an access holds no secret."""
    assert "secret" not in repr(ACCOUNT)
