"""System disk, data disks, storage sets and clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.core.contract.instance import DESCRIPTION
from shared.core.contract.limits import NAME_CHARACTERS, Limit, at_least, length, one_of
from shared.core.contract.parameter import NOT_OPEN, Finding, Parameter, Rule, flag, integer, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.core.contract.given import Given

MAX_DATA_DISKS = 16
MAX_GIB = 65536

SYSTEM_CATEGORIES = ("cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud", "cloud_auto", "cloud_essd_entry")
DATA_CATEGORIES = (*SYSTEM_CATEGORIES, "elastic_ephemeral_disk_standard", "elastic_ephemeral_disk_premium")
LEVEL = "InvalidPerformanceLevel.Malformed"
DISK_NAME: tuple[Limit, ...] = (length(2, 128), NAME_CHARACTERS)
LEVELS = one_of("PL0", "PL1", "PL2", "PL3")

PARAMETERS: tuple[Parameter, ...] = (
    text(
        "SystemDisk.Category",
        "The kind of the system disk.",
        "InvalidSystemDiskCategory.ValueNotSupported",
        one_of(*SYSTEM_CATEGORIES),
    ),
    integer(
        "SystemDisk.Size",
        "The size of the system disk, GiB: 20 to 500 for cloud, 20 to 2048 for the others, and not less than the image.",
        "InvalidSystemDiskSize.ValueNotSupported",
    ),
    text("SystemDisk.PerformanceLevel", "The performance level of an ESSD.", LEVEL, LEVELS),
    text("SystemDisk.DiskName", "The name of the system disk.", "InvalidDiskName.Malformed", *DISK_NAME),
    text(
        "SystemDisk.Description", "A description of the system disk.", "InvalidDiskDescription.Malformed", *DESCRIPTION
    ),
    text("SystemDisk.StorageClusterId", "The dedicated block storage cluster of the system disk."),
    text(
        "DataDisk.N.Category",
        "The kind of the disk.",
        "InvalidDataDiskCategory.ValueNotSupported",
        one_of(*DATA_CATEGORIES),
    ),
    integer(
        "DataDisk.N.Size",
        "The size of the disk, GiB; its range depends on category and performance level. Ignored with a snapshot.",
        "InvalidDataDiskSize.ValueNotSupported",
        at_least(1),
    ),
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
    integer(
        "StorageSetPartitionNumber",
        "The highest number of partitions of the storage set.",
        "InvalidParameter.StorageSetPartitionNumber",
        at_least(2),
    ),
)

SYSTEM_SIZES = {"cloud": (20, 500)}
OTHER_SYSTEM_SIZES = (20, 2048)
DATA_SIZES = {"cloud_efficiency": (20, 32768), "cloud_ssd": (20, 32768), "cloud": (5, 2000)}
ESSD_SIZES = {"PL0": (1, MAX_GIB), "PL1": (20, MAX_GIB), "PL2": (461, MAX_GIB), "PL3": (1261, MAX_GIB)}
DEFAULT_CATEGORIES = {"none": "cloud", "optimized": "cloud_efficiency"}
"""What a data disk without a category becomes, by IoOptimized."""
UNDECIDED_SIZES = (5, 32768)
"""Without IoOptimized the instance type decides between the two: what either takes is let through."""


def _system_range(given: Given) -> tuple[int, int]:
    return SYSTEM_SIZES.get(str(given.get("SystemDisk.Category")), OTHER_SYSTEM_SIZES)


def _system_too_small(given: Given) -> Iterator[Finding]:
    low, high = _system_range(given)
    size = given.get("SystemDisk.Size")
    if size is not None and int(size) < low:
        yield "SystemDisk.Size", f"must be from {low} to {high} for this category"


def _system_too_big(given: Given) -> Iterator[Finding]:
    low, high = _system_range(given)
    size = given.get("SystemDisk.Size")
    if size is not None and int(size) > high:
        yield "SystemDisk.Size", f"must be from {low} to {high} for this category"


def _data_range(given: Given, disk: str) -> tuple[int, int] | None:
    category = given.get(f"{disk}.Category")
    if category is None:
        category = DEFAULT_CATEGORIES.get(str(given.get("IoOptimized")))
        if category is None:
            return UNDECIDED_SIZES
    if category == "cloud_essd":
        return ESSD_SIZES["PL1"] if given.get(f"{disk}.PerformanceLevel") is None else (1, MAX_GIB)
    return DATA_SIZES.get(str(category))


def _data_size(given: Given) -> Iterator[Finding]:
    for disk in given.data_disks:
        size = given.get(f"{disk}.Size")
        if size is None or int(size) < 1 or given.get(f"{disk}.SnapshotId") is not None:
            continue
        limits = _data_range(given, disk)
        if limits is not None and not limits[0] <= int(size) <= limits[1]:
            yield f"{disk}.Size", f"must be from {limits[0]} to {limits[1]} for this category"


def _data_level_size(given: Given) -> Iterator[Finding]:
    for disk in given.data_disks:
        size = given.get(f"{disk}.Size")
        level = str(given.get(f"{disk}.PerformanceLevel"))
        if size is None or given.get(f"{disk}.SnapshotId") is not None or given.get(f"{disk}.Category") != "cloud_essd":
            continue
        low, high = ESSD_SIZES.get(level, (1, MAX_GIB))
        if 1 <= int(size) < low:
            yield f"{disk}.Size", f"must be from {low} to {high} at the performance level {level}"


def _too_many_disks(given: Given) -> Iterator[Finding]:
    numbers = given.numbered["DataDisk"]
    if numbers and numbers[-1] > MAX_DATA_DISKS:
        yield "DataDisk", f"there can be at most {MAX_DATA_DISKS} data disks, and there are {len(numbers)}"


def _level_without_essd(given: Given, disk: str) -> Iterator[Finding]:
    if given.get(f"{disk}.PerformanceLevel") is not None and given.get(f"{disk}.Category") != "cloud_essd":
        yield f"{disk}.PerformanceLevel", f"can be given only when {disk}.Category is cloud_essd"


_ENTRY_FAMILIES = ("ecs.u1-", "ecs.u1.", "ecs.e-", "ecs.e.")


def _entry_family(given: Given, disk: str) -> Iterator[Finding]:
    if given.get(f"{disk}.Category") == "cloud_essd_entry" and not str(given.get("InstanceType")).startswith(
        _ENTRY_FAMILIES
    ):
        yield f"{disk}.Category", "cloud_essd_entry works with instance types of the families ecs.u1 and ecs.e only"


def _cluster_without_zone(given: Given, disk: str) -> Iterator[Finding]:
    if given.get(f"{disk}.StorageClusterId") is not None and given.get("ZoneId") is None:
        yield "ZoneId", f"is required when {disk}.StorageClusterId is given"


def _cluster_without_size(given: Given, disk: str) -> Iterator[Finding]:
    if given.get(f"{disk}.StorageClusterId") is not None and given.get(f"{disk}.Size") is None:
        yield f"{disk}.Size", f"is required when {disk}.StorageClusterId is given"


def _unencrypted(given: Given, disk: str, name: str) -> Iterator[Finding]:
    if given.get(f"{disk}.{name}") is not None and given.get(f"{disk}.Encrypted") is not True:
        yield f"{disk}.Encrypted", f"must be true when {disk}.{name} is given"


def _key_without_encryption(given: Given, disk: str) -> Iterator[Finding]:
    return _unencrypted(given, disk, "KMSKeyId")


def _algorithm_without_encryption(given: Given, disk: str) -> Iterator[Finding]:
    return _unencrypted(given, disk, "EncryptAlgorithm")


def _key_without_optimisation(given: Given) -> Iterator[Finding]:
    if given.get("IoOptimized") == "none" and any(given.get(f"{disk}.KMSKeyId") for disk in given.data_disks):
        yield "IoOptimized", "must be optimized when a disk is encrypted with a key (KMSKeyId)"


RULES: tuple[Rule, ...] = (
    Rule("InvalidSystemDiskSize.LessThanMinSize", "SystemDisk.Size is not below its range.", _system_too_small),
    Rule(
        "InvalidSystemDiskSize.MoreThanMaxSize", "SystemDisk.Size is not above its category's range.", _system_too_big
    ),
    Rule("InvalidDataDiskSize.ValueNotSupported", "DataDisk.N.Size is in its category's range.", _data_size),
    Rule("OperationDenied.PerformanceLevelNotMatch", "DataDisk.N.Size is big enough for its level.", _data_level_size),
    Rule("InstanceDiskNumber.LimitExceed", "There are at most 16 data disks.", _too_many_disks),
    Rule("IoOptimized.NotSupported", "KMSKeyId needs an I/O optimised instance.", _key_without_optimisation),
)
DISK_RULES: tuple[Rule, ...] = (
    Rule(LEVEL, "PerformanceLevel is for cloud_essd only.", _level_without_essd),
    Rule(
        "InvalidInstanceType.NotSupportDiskCategory",
        "cloud_essd_entry is for the families ecs.u1 and ecs.e.",
        _entry_family,
        listed=True,
    ),
    Rule("InvalidStorageClusterId.ZoneIdEmpty", "StorageClusterId needs ZoneId.", _cluster_without_zone),
    Rule("InvalidStorageClusterId.DiskSizeEmpty", "StorageClusterId needs the disk's Size.", _cluster_without_size),
    Rule("InvalidEncrypted.NotMatchKmsKeyId", "KMSKeyId needs Encrypted.", _key_without_encryption),
    Rule(
        "InvalidEncrypted.NotMatchEncryptAlgorithm", "EncryptAlgorithm needs Encrypted.", _algorithm_without_encryption
    ),
)
