"""Every CreateInstance parameter, in five tables: the one place where a name, its type, limits and code stand.

An item of a list is spelt with N (`DataDisk.N.Size`). The local cloud, the schemas, the reference page and the checks
take them from here.
"""

from __future__ import annotations

from shared.domain.create_instance.schema import (
    BASE64,
    DEPRECATED,
    INSTANCE_NAME_CHARACTERS,
    INVITATIONAL,
    IPV4,
    NAME_CHARACTERS,
    NO_WEB_ADDRESS,
    NO_WEB_ADDRESS_AT_START,
    NOT_EMPTY,
    NOT_NEGATIVE,
    NOT_OPEN,
    PASSWORD_CHARACTERS,
    PASSWORD_CLASSES,
    REGION_ID,
    SUPPLIED,
    THREE_DECIMALS,
    USER_DATA_SIZE,
    Limit,
    Parameter,
    at_least,
    between,
    flag,
    integer,
    length,
    one_of,
    pattern,
    text,
)  # fmt: skip

HOST_NAME_CHARACTERS = pattern(
    "[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*",
    "consist of letters and digits, with single periods or hyphens only between them",
)
DESCRIPTION = (length(2, 256), NO_WEB_ADDRESS_AT_START)
ARN = "InvalidParameter.Arns"

# fmt: off
INSTANCE: tuple[Parameter, ...] = (
    text("InstanceType", "The instance type, such as ecs.g6.large. Required.", "InvalidParameter", SUPPLIED),
    text("ImageId", "The image to start from. Required unless ImageFamily is given."),
    text("ImageFamily", "An image family: the newest image of it is taken. Not together with ImageId."),
    text("InstanceName", "The instance's name; the service takes the instance id when there is none.",
         "InvalidInstanceName.Malformed", length(2, 128), INSTANCE_NAME_CHARACTERS),
    text("Description", "A description of the instance.", "InvalidDescription.Malformed", *DESCRIPTION),
    text("HostName",
         "The host name. The image decides whether the narrower rules for Windows hold; those are left to the service.",
         "InvalidHostName.Malformed", length(2, 64), HOST_NAME_CHARACTERS),
    text("Password", "The password of the instance. Secret.",
         "InvalidPassword.Malformed", length(8, 30), PASSWORD_CHARACTERS, PASSWORD_CLASSES, secret=True),
    flag("PasswordInherit", "Use the password the image was made with."),
    text("KeyPairName", "The key pair for SSH; Windows instances ignore it."),
    text("UserData", "Data for the first start, Base64 of at most 32 KB. Secret.",
         "InvalidUserData.Base64FormatInvalid", NOT_EMPTY, BASE64, USER_DATA_SIZE, secret=True),
    text("RamRoleName", "The RAM role of the instance."),
    text("SecurityEnhancementStrategy", "Whether security hardening is installed; works on system images only.",
         "InvalidParameter", one_of("Active", "Deactive")),
    text("IoOptimized", "Whether the instance is I/O optimised.",
         "InvalidIoOptimizedValue.ValueNotSupported", one_of("none", "optimized")),
    flag("UseAdditionalService", "Use the time and package services of the platform."),
    text("CreditSpecification", "How a burstable instance uses its CPU credits.",
         "InvalidParameter.CreditSpecification", one_of("Standard", "Unlimited")),
    text("HttpEndpoint", "Whether the instance can read its metadata.",
         "InvalidHttpEndpoint.NotSupported", one_of("enabled", "disabled")),
    text("HttpTokens", "Whether the hardened mode of metadata access is compulsory.",
         "InvalidHttpTokens.NotSupported", one_of("optional", "required")),
    integer("HttpPutResponseHopLimit", "The hop limit of metadata answers.",
            "InvalidHttpPutResponseHopLimit.NotSupported", between(1, 64), remark=NOT_OPEN),
    flag("HibernationOptions.Configured", "Whether the instance can hibernate.", remark=INVITATIONAL),
    text("ResourceGroupId", "The resource group the instance belongs to."),
    text("ClientToken", "Becomes the client token of the first generation.",
         "InvalidClientToken.ValueNotSupported", length(1, 64),
         pattern("[\x20-\x7e]*", "consist of printable ASCII characters")),
    flag("DryRun", "Check only: nothing is created, and the outcome is completed without an instance."),
    text("ClusterId", "The cluster of the instance.", remark=DEPRECATED),
    text("NodeControllerId", "The node controller.", "InvalidNodeControllerId.Malformed", remark=INVITATIONAL),
    text("Arn.N.RoleType", "The type of a role.", ARN, remark=INVITATIONAL),
    text("Arn.N.Rolearn", "The name of a role.", ARN, remark=INVITATIONAL),
    integer("Arn.N.AssumeRoleFor", "The account the role is assumed for.", ARN, remark=INVITATIONAL),
)
# fmt: on

BANDWIDTH_IN = "InvalidInternetMaxBandwidthIn.Malformed"

# fmt: off
PLACEMENT: tuple[Parameter, ...] = (
    text("RegionId", "The region. Required.", "InvalidRegionId.NotFound", SUPPLIED, REGION_ID),
    text("ZoneId", "The zone; with a VSwitchId it must be the vSwitch's own, or left out."),
    text("VSwitchId", "The vSwitch, for an instance in a VPC."),
    text("SecurityGroupId", "The security group."),
    text("PrivateIpAddress", "A free address of the vSwitch's block.", "InvalidPrivateIpAddress.Malformed", IPV4),
    text("InnerIpAddress", "The inner address.", "InvalidInnerIpAddress.Malformed", IPV4),
    text("VlanId", "The virtual LAN."),
    text("InternetChargeType", "How public traffic is paid for.",
         "InvalidInternetChargeType.ValueNotSupported", one_of("PayByBandwidth", "PayByTraffic")),
    integer("InternetMaxBandwidthOut",
            "The highest outbound bandwidth, Mbit/s; 0, the default, means no public network.",
            "InvalidInternetMaxBandwidthOut.Malformed", between(0, 100)),
    integer("InternetMaxBandwidthIn", "The highest inbound bandwidth, Mbit/s.", BANDWIDTH_IN, at_least(1)),
    text("DedicatedHostId", "The dedicated host to put the instance on."),
    text("Tenancy", "Whether the instance is put on a dedicated host.",
         "InvalidParameter.Tenancy", one_of("default", "host")),
    text("Affinity", "Whether the instance stays with its dedicated host.",
         "InvalidParameter.Affinity", one_of("default", "host")),
    text("DeploymentSetId", "The deployment set.", "InvalidDeploymentSetId.NotFound"),
    integer("DeploymentSetGroupNo", "The group inside a deployment set of the strategy AvailabilityGroup.",
            "InvalidParameter", between(1, 7)),
    text("HpcClusterId", "The HPC cluster."),
    text("PrivatePoolOptions.MatchCriteria", "How private pools are used.",
         "Invalid.PrivatePoolOptions.MatchCriteria", one_of("Open", "Target", "None")),
    text("PrivatePoolOptions.Id", "The private pool. Required with the criterion Target.",
         "Invalid.PrivatePoolOptionsId"),
)
# fmt: on

MAX_DATA_DISKS = 16
MAX_GIB = 65536
SYSTEM_CATEGORIES = ("cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud", "cloud_auto", "cloud_essd_entry")
DATA_CATEGORIES = (*SYSTEM_CATEGORIES, "elastic_ephemeral_disk_standard", "elastic_ephemeral_disk_premium")
LEVEL = "InvalidPerformanceLevel.Malformed"

DISK_NAME: tuple[Limit, ...] = (length(2, 128), NAME_CHARACTERS)
LEVELS = one_of("PL0", "PL1", "PL2", "PL3")

# fmt: off
STORAGE: tuple[Parameter, ...] = (
    text("SystemDisk.Category", "The kind of the system disk.",
         "InvalidSystemDiskCategory.ValueNotSupported", one_of(*SYSTEM_CATEGORIES)),
    integer("SystemDisk.Size",
            "The size of the system disk, GiB; its range depends on the category. Not less than the image.",
            "InvalidSystemDiskSize.ValueNotSupported"),
    text("SystemDisk.PerformanceLevel", "The performance level of an ESSD.", LEVEL, LEVELS),
    text("SystemDisk.DiskName", "The name of the system disk.", "InvalidDiskName.Malformed", *DISK_NAME),
    text("SystemDisk.Description", "A description of the system disk.",
         "InvalidDiskDescription.Malformed", *DESCRIPTION),
    text("SystemDisk.StorageClusterId", "The dedicated block storage cluster of the system disk."),
    text("DataDisk.N.Category", "The kind of the disk.",
         "InvalidDataDiskCategory.ValueNotSupported", one_of(*DATA_CATEGORIES)),
    integer("DataDisk.N.Size",
            "The size of the disk, GiB; its range depends on category and performance level. Ignored with a snapshot.",
            "InvalidDataDiskSize.ValueNotSupported", at_least(1)),
    text("DataDisk.N.PerformanceLevel", "The performance level of an ESSD.", LEVEL, LEVELS),
    text("DataDisk.N.SnapshotId", "The snapshot to make the disk from, newer than 15 July 2013."),
    text("DataDisk.N.DiskName", "The name of the disk.", "InvalidDiskName.Malformed", *DISK_NAME),
    text("DataDisk.N.Description", "A description of the disk.", "InvalidDiskDescription.Malformed", *DESCRIPTION),
    text("DataDisk.N.Device", "The mount point; for whole-machine images.", "InvalidDataDevice.Malformed"),
    flag("DataDisk.N.DeleteWithInstance", "Whether the disk goes with the instance (the default)."),
    flag("DataDisk.N.Encrypted", "Whether the disk is encrypted."),
    text("DataDisk.N.KMSKeyId", "The key the disk is encrypted with. Needs Encrypted."),
    text("DataDisk.N.EncryptAlgorithm", "The algorithm. Needs Encrypted.", "InvalidEncryptAlgorithm", remark=NOT_OPEN),
    text("DataDisk.N.StorageClusterId", "The dedicated block storage cluster of the disk."),
    text("StorageSetId", "The storage set.", "InvalidParameter.StorageSetId"),
    integer("StorageSetPartitionNumber", "The highest number of partitions of the storage set.",
            "InvalidParameter.StorageSetPartitionNumber", at_least(2)),
)
# fmt: on

# fmt: off
BILLING: tuple[Parameter, ...] = (
    text("InstanceChargeType", "Subscription (PrePaid) or pay as you go (PostPaid, the default).",
         "InvalidInstanceChargeType.NotFound", one_of("PrePaid", "PostPaid")),
    integer("Period", "How long a subscription lasts, in PeriodUnit. Required with PrePaid.", "InvalidPeriod"),
    text("PeriodUnit", "The unit of Period.", "InvalidPeriodUnit.ValueNotSupported"),
    flag("AutoRenew", "Whether a subscription renews itself."),
    integer("AutoRenewPeriod", "How long each renewal lasts. Required with AutoRenew on a subscription.",
            "InvalidAutoRenewPeriod.ValueNotSupported"),
    text("SpotStrategy", "Whether the instance is a spot instance, and how its price is limited.",
         "InvalidSpotStrategy", one_of("NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo")),
    Parameter("SpotPriceLimit", float, "The highest price per hour, with at most three decimal places.",
              "InvalidSpotPriceLimit", (NOT_NEGATIVE, THREE_DECIMALS)),
    integer("SpotDuration", "How many hours a spot instance is sure to be kept.", "InvalidSpotDuration", between(0, 1)),
    text("SpotInterruptionBehavior", "What happens to a spot instance that is taken back.",
         "InvalidSpotInterruptionBehavior", one_of("Terminate", "Stop")),
    flag("DeletionProtection", "Whether the instance is protected against release. PostPaid only, and not spot."),
)
# fmt: on

MAX_TAGS = 20
_RESERVED = ("aliyun", "acs:")

_NOT_RESERVED = Limit(
    lambda value: not value.startswith(_RESERVED),
    "not start with aliyun or acs:",
    schema={"not": {"pattern": "^(?:aliyun|acs:)"}},
)

# fmt: off
TAGS: tuple[Parameter, ...] = (
    text("Tag.N.Key", "The key of a tag for instance, disks and primary network interface.",
         "InvalidTagKey.Malformed", length(1, 128), _NOT_RESERVED, NO_WEB_ADDRESS),
    text("Tag.N.Value", "The value of a tag; may be empty.",
         "InvalidTagValue.Malformed", length(0, 128), NO_WEB_ADDRESS),
)
# fmt: on

SECTIONS: tuple[tuple[str, tuple[Parameter, ...]], ...] = (
    ("Instance", INSTANCE),
    ("Placement and network", PLACEMENT),
    ("Storage", STORAGE),
    ("Billing", BILLING),
    ("Tags", TAGS),
)

PARAMETERS: dict[str, Parameter] = {item.name: item for _, items in SECTIONS for item in items}
"""By table name: items of lists are spelt with N."""

SECRET_PARAMETERS = frozenset(name for name, item in PARAMETERS.items() if item.secret)
"""Parameters whose values appear in no log, event, record or digest."""

OBJECTS = ("SystemDisk", "PrivatePoolOptions", "HibernationOptions")

LISTS: dict[str, int | None] = {"DataDisk": MAX_DATA_DISKS, "Tag": MAX_TAGS, "Arn": None}
"""The lists, and how many items the API numbers; for Arn the page gives no limit."""

REQUIRED = ("RegionId", "InstanceType")
