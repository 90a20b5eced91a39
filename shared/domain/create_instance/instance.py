"""Image, type, names, login and the instance's own options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.limits import (
    BASE64,
    INSTANCE_NAME_CHARACTERS,
    NO_WEB_ADDRESS_AT_START,
    NOT_EMPTY,
    PASSWORD_CHARACTERS,
    PASSWORD_CLASSES,
    SUPPLIED,
    USER_DATA_SIZE,
    between,
    length,
    one_of,
    pattern,
)
from shared.domain.create_instance.schema import (
    DEPRECATED,
    INVITATIONAL,
    NOT_OPEN,
    Finding,
    Parameter,
    Rule,
    flag,
    integer,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import Given

DESCRIPTION = (length(2, 256), NO_WEB_ADDRESS_AT_START)
ARN = "InvalidParameter.Arns"

PARAMETERS: tuple[Parameter, ...] = (
    text("InstanceType", "The instance type, such as ecs.g6.large. Required.", "InvalidParameter", SUPPLIED),
    text("ImageId", "The image to start from. Required unless ImageFamily is given."),
    text("ImageFamily", "An image family: the newest image of it is taken. Not together with ImageId."),
    text(
        "InstanceName",
        "The instance's name; the service takes the instance id when there is none.",
        "InvalidInstanceName.Malformed",
        length(2, 128),
        INSTANCE_NAME_CHARACTERS,
    ),
    text("Description", "A description of the instance.", "InvalidDescription.Malformed", *DESCRIPTION),
    text(
        "HostName",
        "The host name. The image decides whether the narrower rules for Windows hold; those are left to the service.",
        "InvalidHostName.Malformed",
        length(2, 64),
        pattern(
            "[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*",
            "consist of letters and digits, with single periods or hyphens only between them",
        ),
    ),
    text(
        "Password",
        "The password of the instance. Secret.",
        "InvalidPassword.Malformed",
        length(8, 30),
        PASSWORD_CHARACTERS,
        PASSWORD_CLASSES,
    ),
    flag("PasswordInherit", "Use the password the image was made with."),
    text("KeyPairName", "The key pair for SSH; Windows instances ignore it."),
    text(
        "UserData",
        "Data for the first start, Base64 of at most 32 KB. Secret.",
        "InvalidUserData.Base64FormatInvalid",
        NOT_EMPTY,
        BASE64,
        USER_DATA_SIZE,
    ),
    text("RamRoleName", "The RAM role of the instance."),
    text(
        "SecurityEnhancementStrategy",
        "Whether security hardening is installed; works on system images only.",
        "InvalidParameter",
        one_of("Active", "Deactive"),
    ),
    text(
        "IoOptimized",
        "Whether the instance is I/O optimised.",
        "InvalidIoOptimizedValue.ValueNotSupported",
        one_of("none", "optimized"),
    ),
    flag("UseAdditionalService", "Use the time and package services of the platform."),
    text(
        "CreditSpecification",
        "How a burstable instance uses its CPU credits.",
        "InvalidParameter.CreditSpecification",
        one_of("Standard", "Unlimited"),
    ),
    text(
        "HttpEndpoint",
        "Whether the instance can read its metadata.",
        "InvalidHttpEndpoint.NotSupported",
        one_of("enabled", "disabled"),
    ),
    text(
        "HttpTokens",
        "Whether the hardened mode of metadata access is compulsory.",
        "InvalidHttpTokens.NotSupported",
        one_of("optional", "required"),
    ),
    integer(
        "HttpPutResponseHopLimit",
        "The hop limit of metadata answers.",
        "InvalidHttpPutResponseHopLimit.NotSupported",
        between(1, 64),
        remark=NOT_OPEN,
    ),
    flag("HibernationOptions.Configured", "Whether the instance can hibernate.", remark=INVITATIONAL),
    text("ResourceGroupId", "The resource group the instance belongs to."),
    text(
        "ClientToken",
        "Becomes the client token of the first generation.",
        "InvalidClientToken.ValueNotSupported",
        length(1, 64),
        pattern("[\x20-\x7e]*", "consist of printable ASCII characters"),
    ),
    flag("DryRun", "Check only: nothing is created, and the outcome is completed without an instance."),
    text("ClusterId", "The cluster of the instance.", remark=DEPRECATED),
    text("NodeControllerId", "The node controller.", "InvalidNodeControllerId.Malformed", remark=INVITATIONAL),
    text("Arn.N.RoleType", "The type of a role.", ARN, remark=INVITATIONAL),
    text("Arn.N.Rolearn", "The name of a role.", ARN, remark=INVITATIONAL),
    integer("Arn.N.AssumeRoleFor", "The account the role is assumed for.", ARN, remark=INVITATIONAL),
)


def _no_image(given: Given) -> Iterator[Finding]:
    if given.get("ImageId") is None and given.get("ImageFamily") is None:
        yield "ImageId", "either ImageId or ImageFamily must be given"


def _two_images(given: Given) -> Iterator[Finding]:
    if given.get("ImageId") is not None:
        yield "ImageFamily", "cannot be given together with ImageId"


def _two_passwords(given: Given) -> Iterator[Finding]:
    if given.get("PasswordInherit") is True and given.get("Password"):
        yield "Password", "cannot be given when PasswordInherit is true"


def _slow_user_data(given: Given) -> Iterator[Finding]:
    if given.get("IoOptimized") == "none":
        yield "UserData", "works on I/O optimised instances only, and IoOptimized is none"


RULES: tuple[Rule, ...] = (
    Rule("MissingParameter", "One of ImageId and ImageFamily is required.", "", _no_image),
    Rule(
        "UnexpectedImageFamily.ImageIdSupplied", "ImageFamily is not given when ImageId is.", "ImageFamily", _two_images
    ),
    Rule(
        "InvalidPasswordParam.Mismatch",
        "Password is not given when PasswordInherit is true.",
        "PasswordInherit",
        _two_passwords,
    ),
    Rule("InvalidUserData.NotSupported", "UserData needs an I/O optimised instance.", "UserData", _slow_user_data),
)
