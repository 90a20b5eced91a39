"""What must be true of disks together with everything else: sizes, levels, families, clusters, encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.create_instance.parameters import DATA_CATEGORIES, LEVEL, MAX_DATA_DISKS, MAX_GIB
from shared.domain.create_instance.schema import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.create_instance.view import ParameterView

ENTRY_FAMILIES = ("ecs.u1-", "ecs.u1.", "ecs.e-", "ecs.e.")
SYSTEM_SIZES = {"cloud": (20, 500)}
OTHER_SYSTEM_SIZES = (20, 2048)
DATA_SIZES = {"cloud_efficiency": (20, 32768), "cloud_ssd": (20, 32768), "cloud": (5, 2000)}
ESSD_SIZES = {"PL0": (1, MAX_GIB), "PL1": (20, MAX_GIB), "PL2": (461, MAX_GIB), "PL3": (1261, MAX_GIB)}
DEFAULT_CATEGORIES = {"none": "cloud", "optimized": "cloud_efficiency"}
"""What a data disk without a category becomes, by IoOptimized."""
UNDECIDED_SIZES = (5, 32768)
"""Without IoOptimized the instance type decides between the two: what either takes is let through."""


def _system_size(view: ParameterView, *, below: bool) -> Iterator[Finding]:
    low, high = SYSTEM_SIZES.get(str(view.get("SystemDisk.Category")), OTHER_SYSTEM_SIZES)
    size = view.number("SystemDisk.Size", low)
    if size < low if below else size > high:
        yield "SystemDisk.Size", f"must be from {low} to {high} for this category"


def _system_too_small(view: ParameterView) -> Iterator[Finding]:
    return _system_size(view, below=True)


def _system_too_big(view: ParameterView) -> Iterator[Finding]:
    return _system_size(view, below=False)


def _too_many_disks(view: ParameterView) -> Iterator[Finding]:
    count = max(view.numbered["DataDisk"])
    if count > MAX_DATA_DISKS:
        yield "DataDisk", f"can have at most {MAX_DATA_DISKS} items, and has {count}"


def _data_range(view: ParameterView, disk: str) -> tuple[int, int] | None:
    """Return the sizes of a disk's category, None where the page gives none."""
    category = view.get(f"{disk}.Category")
    if category is None:
        category = DEFAULT_CATEGORIES.get(str(view.get("IoOptimized")))
        if category is None:
            return UNDECIDED_SIZES
    if category == "cloud_essd":
        return ESSD_SIZES["PL1"] if view.get(f"{disk}.PerformanceLevel") is None else ESSD_SIZES["PL0"]
    return DATA_SIZES.get(str(category))


def _data_size(view: ParameterView, disk: str) -> Iterator[Finding]:
    size = view.number(f"{disk}.Size", 1)
    limits = _data_range(view, disk)
    if limits is None or view.get(f"{disk}.SnapshotId") is not None:
        return
    low, high = limits
    if size >= 1 and not low <= size <= high:
        yield f"{disk}.Size", f"must be from {low} to {high} for this category"


def _data_level(view: ParameterView, disk: str) -> Iterator[Finding]:
    level = str(view.get(f"{disk}.PerformanceLevel"))
    low, high = ESSD_SIZES.get(level, ESSD_SIZES["PL0"])
    size = view.number(f"{disk}.Size", high)
    if view.get(f"{disk}.Category") == "cloud_essd" and view.get(f"{disk}.SnapshotId") is None and 1 <= size < low:
        yield f"{disk}.Size", f"must be from {low} to {high} at the performance level {level}"


def _level_without_essd(view: ParameterView, disk: str) -> Iterator[Finding]:
    category = view.get(f"{disk}.Category")
    if category != "cloud_essd" and (category is None or category in DATA_CATEGORIES):
        yield f"{disk}.PerformanceLevel", f"can be given only when {disk}.Category is cloud_essd"


def _entry_family(view: ParameterView, disk: str) -> Iterator[Finding]:
    entry = view.get(f"{disk}.Category") == "cloud_essd_entry"
    instance_type = view.get("InstanceType")
    if entry and instance_type is not None and not str(instance_type).startswith(ENTRY_FAMILIES):
        yield f"{disk}.Category", "works with instance types of the families ecs.u1 and ecs.e only"


def _cluster_without_zone(view: ParameterView, disk: str) -> Iterator[Finding]:
    if view.get("ZoneId") is None:
        yield "ZoneId", f"is required when {disk}.StorageClusterId is given"


def _cluster_without_size(view: ParameterView, disk: str) -> Iterator[Finding]:
    if view.get(f"{disk}.Size") is None:
        yield f"{disk}.Size", f"is required when {disk}.StorageClusterId is given"


def _unencrypted_key(view: ParameterView, disk: str) -> Iterator[Finding]:
    if view.get(f"{disk}.Encrypted") is not True:
        yield f"{disk}.Encrypted", f"must be true when {disk}.KMSKeyId is given"


def _unencrypted_algorithm(view: ParameterView, disk: str) -> Iterator[Finding]:
    if view.get(f"{disk}.Encrypted") is not True:
        yield f"{disk}.Encrypted", f"must be true when {disk}.EncryptAlgorithm is given"


def _slow_key(view: ParameterView, disk: str) -> Iterator[Finding]:
    if view.get("IoOptimized") == "none":
        yield "IoOptimized", f"must be optimized when {disk}.KMSKeyId is given"


def _same_device(view: ParameterView) -> Iterator[Finding]:
    first: dict[object, str] = {}
    for disk in view.data_disks:
        device = view.flat.get(f"{disk}.Device")
        if device is not None and first.setdefault(device, disk) != disk:
            yield f"{disk}.Device", f"is the same as {first[device]}.Device"


RULES: tuple[Rule, ...] = (
    Rule(
        "InvalidSystemDiskSize.LessThanMinSize",
        "SystemDisk.Size is 20 or more.",
        "SystemDisk.Size",
        _system_too_small,
    ),
    Rule(
        "InvalidSystemDiskSize.MoreThanMaxSize",
        "SystemDisk.Size is at most 500 for cloud, at most 2048 for the others.",
        "SystemDisk.Size",
        _system_too_big,
    ),
    Rule("InstanceDiskNumber.LimitExceed", "There are at most 16 data disks.", "DataDisk", _too_many_disks),
    Rule("InvalidDevice.InUse", "No two data disks have the same Device.", "DataDisk", _same_device),
)
"""Rules about all disks together and about the system disk."""

DISK_RULES: tuple[Rule, ...] = (
    Rule(LEVEL, "PerformanceLevel is for cloud_essd only.", "PerformanceLevel", _level_without_essd),
    Rule(
        "InvalidInstanceType.NotSupportDiskCategory",
        "cloud_essd_entry is for the families ecs.u1 and ecs.e.",
        "Category",
        _entry_family,
        listed=True,
    ),
    Rule(
        "InvalidStorageClusterId.ZoneIdEmpty",
        "StorageClusterId needs ZoneId.",
        "StorageClusterId",
        _cluster_without_zone,
    ),
    Rule(
        "InvalidStorageClusterId.DiskSizeEmpty",
        "StorageClusterId needs the disk's Size.",
        "StorageClusterId",
        _cluster_without_size,
    ),
)
"""Asked of the system disk and of every data disk."""

DATA_DISK_RULES: tuple[Rule, ...] = (
    *DISK_RULES,
    Rule(
        "InvalidDataDiskSize.ValueNotSupported",
        "Size is in its category's range, unless a snapshot decides it.",
        "Size",
        _data_size,
    ),
    Rule(
        "OperationDenied.PerformanceLevelNotMatch",
        "Size is big enough for the performance level of an ESSD: 1, 20, 461, 1261 GiB for PL0 to PL3.",
        "PerformanceLevel",
        _data_level,
    ),
    Rule("InvalidEncrypted.NotMatchKmsKeyId", "KMSKeyId needs Encrypted.", "KMSKeyId", _unencrypted_key),
    Rule(
        "InvalidEncrypted.NotMatchEncryptAlgorithm",
        "EncryptAlgorithm needs Encrypted.",
        "EncryptAlgorithm",
        _unencrypted_algorithm,
    ),
    Rule("IoOptimized.NotSupported", "KMSKeyId needs an I/O optimised instance.", "KMSKeyId", _slow_key),
)
"""Asked of every data disk."""
