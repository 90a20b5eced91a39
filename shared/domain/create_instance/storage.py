"""System disk, data disks, storage sets and clusters."""

from __future__ import annotations

from shared.domain.create_instance.instance import DESCRIPTION
from shared.domain.create_instance.limits import NAME_CHARACTERS, Limit, at_least, length, one_of
from shared.domain.create_instance.schema import NOT_OPEN, Parameter, flag, integer, text

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
        "The size of the system disk, GiB; its range depends on the category. Not less than the image.",
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
