"""`provisioner new`: a message to begin with."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timezone
from typing import Any

import click

from local import defaults
from local.terminal import options
from local.terminal.output import WrongUse, raw_line
from shared.domain.message.parse import parse
from shared.domain.message.request import Refusal

TYPE = "ecs.g6.large"
IMAGE = "ubuntu_22_04_x64_20G_alibase_20240130.vhd"
GROUP = "sg-bp15ed6xe1yxeycg7ov3"
SWITCH = "vsw-bp1s5fnvk4gn2tws0vxyz"
SECOND_SWITCH = "vsw-bp1second0000000000"

USUAL = {
    "RegionId": defaults.REGION, "ImageId": IMAGE, "InstanceType": TYPE, "SecurityGroupId": GROUP,
    "VSwitchId": SWITCH, "SystemDisk": {"Category": "cloud_essd", "Size": 40},
}  # fmt: skip
"""What a message says without a profile and without any option."""

BRINGS: dict[str, dict[str, Any]] = {
    "spot": {"InstanceChargeType": "PostPaid", "SpotStrategy": "SpotAsPriceGo"},
    "prepaid": {"InstanceChargeType": "PrePaid", "Period": 1, "PeriodUnit": "Month"},
    "public_ip": {"InternetChargeType": "PayByTraffic", "InternetMaxBandwidthOut": 5},
    "dry_run": {"DryRun": True},
}
"""The parameters that each flag brings."""


@click.command(
    epilog=options.examples(
        "provisioner new > message.json",
        "provisioner new --spot --data-disk 100 --alternative | provisioner validate -",
        "provisioner new --profile web-small --tag team=web",
        "provisioner new --id order-1 --key my-key --public-ip --tag team=web",
    )
)
@click.option("--profile", metavar="NAME", help="A profile of the policy; nothing stands beside it but what is chosen.")
@click.option("--id", "request_id", help="The request id; made of the time and chance without it.")
@click.option("--region", help=f"RegionId.  [default: {defaults.REGION}]")
@click.option("--type", "instance_type", help=f"InstanceType.  [default: {TYPE}]")
@click.option("--spot", is_flag=True, help="A spot instance at the market's price.")
@click.option("--prepaid", is_flag=True, help="A subscription for a month.")
@click.option("--data-disk", "disks", multiple=True, type=click.IntRange(40, 32768), help="A data disk of so many GiB.")
@click.option("--key", metavar="NAME", help="The key pair to log on with.")
@click.option("--public-ip", is_flag=True, help="A public address, paid by traffic.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the instance.")
@click.option("--alternative", is_flag=True, help="A second zone and type to try when there is no stock.")
@click.option("--dry-run", is_flag=True, help="Check only: nothing is bought.")
def new(
    *, profile: str | None, request_id: str | None, disks: tuple[int, ...], key: str | None, tags: tuple[str, ...],
    alternative: bool, **chosen: Any,
) -> None:  # fmt: skip
    """Print a message to edit, valid as printed.

    Image, security group and switch are samples that any local cloud takes; put in your own for a real account.
    """
    if chosen["spot"] and chosen["prepaid"]:
        raise WrongUse("a spot instance is paid by the hour: choose --spot or --prepaid")
    region = defaults.REGION if chosen["region"] is None else chosen["region"]
    lists = {
        "DataDisk": [{"Category": "cloud_essd", "Size": size} for size in disks],
        "Tag": [_tag(text) for text in tags],
    }
    own = {"RegionId": chosen["region"], "InstanceType": chosen["instance_type"]}
    parameters: dict[str, Any] = {
        **(USUAL if profile is None else {}),
        **{name: value for name, value in own.items() if value is not None},
        **{name: value for name, value in lists.items() if value},
        **({} if key is None else {"KeyPairName": key}),
    }  # fmt: skip
    for name, brought in BRINGS.items():
        parameters |= brought if chosen[name] else {}
    message: dict[str, Any] = {"requestId": fresh_id() if request_id is None else request_id}
    if profile is not None:
        message["profile"] = profile
    if parameters or profile is None:
        message["parameters"] = parameters
    if alternative:
        other = {"ZoneId": f"{region}-h", "VSwitchId": SECOND_SWITCH, "InstanceType": "ecs.g7.large"}
        message["alternatives"] = [other]
    if chosen["public_ip"]:
        message["allocatePublicIp"] = True
    text = json.dumps(message, indent=2, ensure_ascii=False)
    if isinstance(found := parse(text), Refusal):
        wrong = "; ".join(f"{violation.field} {violation.message}" for violation in found.violations)
        raise WrongUse(f"the message would not be valid: {wrong}; correct the option that sets it")
    raw_line(text)


def fresh_id() -> str:
    """Return a request id that nobody has used: the moment, and a little chance."""
    return f"request-{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _tag(text: str) -> dict[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise WrongUse(f"a tag is KEY=VALUE, not {text}")
    return {"Key": key, "Value": value}
