"""Client tokens: what they save the caller from, and what they do not forgive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.ecs_calls import create, delete, refusal, statuses

if TYPE_CHECKING:
    from tests.support.clients import Clients


def test_same_token_same_instance(cloud: Clients) -> None:
    """The same token with the same parameters gives the same answer and makes nothing new."""
    ecs = cloud.ecs()
    first = create(ecs, ClientToken="one", Password="Abcd-1234")
    assert create(ecs, ClientToken="one", Password="Abcd-1234") == first
    assert create(ecs, ClientToken="two", Password="Abcd-1234") != first
    assert len(statuses(ecs)) == 2


def test_other_parameters_are_a_mismatch(cloud: Clients) -> None:
    """The same token with any other parameter is refused, a password being a parameter too."""
    ecs = cloud.ecs()
    create(ecs, ClientToken="one", Password="Abcd-1234")
    for change in ({"Password": "Abcd-1235"}, {"InstanceName": "web"}, {"ZoneId": "cn-hangzhou-h"}):
        changed = {"ClientToken": "one", "Password": "Abcd-1234"} | change
        assert refusal(create, ecs, **changed) == (400, "IdempotentParameterMismatch")


def test_a_token_is_of_one_region(cloud: Clients) -> None:
    """Another region does not know the token."""
    ecs = cloud.ecs()
    first = create(ecs, ClientToken="one")
    assert create(ecs, ClientToken="one", RegionId="cn-shanghai") != first


def test_still_processing(cloud: Clients) -> None:
    """While the first call is being processed, the token is answered with IdempotentProcessing."""
    ecs = cloud.ecs()
    cloud.local("config", {"delays": {"Creating": 10}})
    first = create(ecs, ClientToken="one")
    assert refusal(create, ecs, ClientToken="one") == (400, "IdempotentProcessing")
    cloud.cloud.clock.advance(10)
    assert create(ecs, ClientToken="one") == first


def test_a_failed_token_stays_failed(cloud: Clients) -> None:
    """A token whose call failed for want of stock is of no more use, even when there is stock again."""
    ecs = cloud.ecs()
    cloud.local("config", {"stock": {"*": {"ecs.g6.large": 0}}})
    assert refusal(create, ecs, ClientToken="one") == (403, "OperationDenied.NoStock")
    cloud.local("config", {"stock": {}})
    assert refusal(create, ecs, ClientToken="one") == (400, "IdempotentFailed")
    assert create(ecs, ClientToken="two")


def test_a_refused_parameter_does_not_use_up_the_token(cloud: Clients) -> None:
    """A call that broke a rule never got as far as its token."""
    ecs = cloud.ecs()
    assert refusal(create, ecs, ClientToken="one", Password="short")[1] == "InvalidPassword.Malformed"
    assert create(ecs, ClientToken="one")


def test_the_token_of_a_released_instance(cloud: Clients) -> None:
    """It still answers with the id of the instance that is gone, and makes no second one."""
    ecs = cloud.ecs()
    first = create(ecs, ClientToken="one")
    cloud.cloud.clock.advance(5)
    delete(ecs, first, force=True)
    assert create(ecs, ClientToken="one") == first
    assert statuses(ecs) == {}


def test_tokens_are_bounded(cloud: Clients) -> None:
    """A token has at most 64 ASCII characters."""
    ecs = cloud.ecs()
    assert create(ecs, ClientToken="t" * 64)
    assert refusal(create, ecs, ClientToken="t" * 65)[1] == "InvalidClientToken.ValueNotSupported"
