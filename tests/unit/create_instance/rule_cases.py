"""The rules between parameters: the parameter table's, and those that only the error table states."""

from __future__ import annotations

from typing import Any

from shared.domain.create_instance.view import CheckOptions
from tests.support.cases import Case

MAINLAND = CheckOptions(site="mainland")
NO_SECRETS = CheckOptions(inline_secrets="refuse")
ESSD = "cloud_essd"
SPOT: dict[str, Any] = {"SpotStrategy": "SpotAsPriceGo", "ZoneId": "cn-hangzhou-g"}
PREPAID: dict[str, Any] = {"InstanceChargeType": "PrePaid", "Period": 1}


def _disk(**fields: object) -> dict[str, object]:
    return {"DataDisk": [fields]}


def _disks(count: int) -> dict[str, object]:
    return {"DataDisk": [{"Size": 40}] * count}


def _sizes(low: int, high: int, **fields: object) -> tuple[list[Any], list[Any]]:
    return (
        [_disk(Size=size, **fields) for size in (low, high)],
        [_disk(Size=size, **fields) for size in (low - 1, high + 1)],
    )


def _size_case(page: str, low: int, high: int, **fields: object) -> Case:
    good, bad = _sizes(low, high, **fields)
    return Case(f"DataDisk.N.Size: {page}", "DataDisk.1.Size", "InvalidDataDiskSize.ValueNotSupported", good, bad)


def _level_case(level: str, low: int) -> Case:
    fields = {"Category": ESSD, "PerformanceLevel": level}
    return Case(
        f"DataDisk.N.Size: {level} from {low}",
        "DataDisk.1.Size",
        "OperationDenied.PerformanceLevelNotMatch",
        [_disk(Size=low, **fields), _disk(Size=65536, **fields), _disk(SnapshotId="s-1", Size=1, **fields)],
        [_disk(Size=low - 1, **fields), _disk(Size=1, **fields)],
    )


def _period(name: str, unit: str | None, good: list[int], bad: list[int], contract: CheckOptions, code: str) -> Case:
    mode = PREPAID | {"AutoRenew": True, "AutoRenewPeriod": 1} | ({"PeriodUnit": unit} if unit else {})
    site = contract.site
    return Case(
        f"{name}: {good} with {unit} on the {site} site",
        name,
        code,
        [mode | {name: each} for each in good],
        [mode | {name: each} for each in bad],
        contract,
    )


CASES: list[Case] = [
    Case(
        "Password: not where inline secrets are refused",
        "Password",
        "InvalidParameter",
        [{"KeyPairName": "k"}, {"PasswordInherit": True}],
        [{"Password": "Hunter2+x"}],
        NO_SECRETS,
    ),
    Case(
        "UserData: not where inline secrets are refused",
        "UserData",
        "InvalidUserData.Forbidden",
        [{}],
        [{"UserData": "aGVsbG8="}],
        NO_SECRETS,
    ),
    Case(
        "ImageId: required unless ImageFamily is given",
        "ImageId",
        "MissingParameter",
        [{}, {"ImageId": None, "ImageFamily": "daily"}],
        [{"ImageId": None}],
    ),
    Case(
        "ImageFamily: not when ImageId is given",
        "ImageFamily",
        "UnexpectedImageFamily.ImageIdSupplied",
        [{"ImageId": None, "ImageFamily": "daily"}],
        [{"ImageFamily": "daily"}],
    ),
    Case(
        "PasswordInherit: Password must be empty",
        "Password",
        "InvalidPasswordParam.Mismatch",
        [{"PasswordInherit": True}, {"PasswordInherit": False, "Password": "TestEcs123!"}],
        [{"PasswordInherit": True, "Password": "TestEcs123!"}],
    ),
    Case(
        "error InvalidUserData.NotSupported: I/O optimised instances only",
        "UserData",
        "InvalidUserData.NotSupported",
        [{"UserData": "YQ==", "IoOptimized": "optimized"}, {"UserData": "YQ=="}, {"IoOptimized": "none"}],
        [{"UserData": "YQ==", "IoOptimized": "none"}],
    ),
    Case(
        "InternetMaxBandwidthIn: 1 to 10 when Out is at most 10",
        "InternetMaxBandwidthIn",
        "InvalidInternetMaxBandwidthIn.Malformed",
        [
            {"InternetMaxBandwidthIn": 1},
            {"InternetMaxBandwidthIn": 10},
            {"InternetMaxBandwidthIn": 10, "InternetMaxBandwidthOut": 1},
            {"InternetMaxBandwidthIn": 10, "InternetMaxBandwidthOut": 10},
        ],
        [
            {"InternetMaxBandwidthIn": 0},
            {"InternetMaxBandwidthIn": 11},
            {"InternetMaxBandwidthIn": 11, "InternetMaxBandwidthOut": 10},
            {"InternetMaxBandwidthIn": 0, "InternetMaxBandwidthOut": 50},
        ],
    ),
    Case(
        "InternetMaxBandwidthIn: 1 to Out when Out is more than 10",
        "InternetMaxBandwidthIn",
        "InvalidInternetMaxBandwidthIn.Malformed",
        [
            {"InternetMaxBandwidthIn": 11, "InternetMaxBandwidthOut": 11},
            {"InternetMaxBandwidthIn": 100, "InternetMaxBandwidthOut": 100},
        ],
        [
            {"InternetMaxBandwidthIn": 12, "InternetMaxBandwidthOut": 11},
            {"InternetMaxBandwidthIn": 101, "InternetMaxBandwidthOut": 100},
        ],
    ),
    Case(
        "PrivateIpAddress: must be an address of the vSwitch",
        "VSwitchId",
        "MissingParameter",
        [{"PrivateIpAddress": "10.0.0.1", "VSwitchId": "vsw-1"}],
        [{"PrivateIpAddress": "10.0.0.1"}],
    ),
    Case(
        "PrivatePoolOptions.MatchCriteria: Target needs PrivatePoolOptions.Id",
        "PrivatePoolOptions.Id",
        "MissingParameter.PrivatePoolOptions.Id",
        [
            {"PrivatePoolOptions": {"MatchCriteria": "Target", "Id": "eap-1"}},
            {"PrivatePoolOptions": {"MatchCriteria": "Open"}},
            {"PrivatePoolOptions": {"MatchCriteria": "Open", "Id": "eap-1"}},
        ],
        [{"PrivatePoolOptions": {"MatchCriteria": "Target"}}],
    ),
    Case(
        "PrivatePoolOptions.MatchCriteria: only None for a spot instance",
        "PrivatePoolOptions.MatchCriteria",
        "SpotNotSupported",
        [SPOT | {"PrivatePoolOptions.MatchCriteria": "None"}, {"PrivatePoolOptions.MatchCriteria": "Open"}],
        [
            SPOT | {"PrivatePoolOptions.MatchCriteria": "Open"},
            SPOT | {"PrivatePoolOptions": {"MatchCriteria": "Target", "Id": "eap-1"}},
        ],
    ),
    Case(
        "PrivatePoolOptions.MatchCriteria: only None on a dedicated host",
        "PrivatePoolOptions.MatchCriteria",
        "DedicatedHostNotSupported",
        [{"DedicatedHostId": "dh-1", "PrivatePoolOptions.MatchCriteria": "None"}, {"Tenancy": "host"}],
        [
            {"DedicatedHostId": "dh-1", "PrivatePoolOptions.MatchCriteria": "Open"},
            {"Tenancy": "host", "PrivatePoolOptions.MatchCriteria": "Open"},
        ],
    ),
    *(
        Case(
            f"SystemDisk.Size: {low} to {high} for {category}",
            "SystemDisk.Size",
            code,
            [{"SystemDisk.Size": size, "SystemDisk.Category": category} for size in (low, high)],
            [{"SystemDisk.Size": bad, "SystemDisk.Category": category}],
        )
        for category, low, high in (("cloud", 20, 500), ("cloud_ssd", 20, 2048), (ESSD, 20, 2048), (None, 20, 2048))
        for code, bad in (
            ("InvalidSystemDiskSize.LessThanMinSize", low - 1),
            ("InvalidSystemDiskSize.MoreThanMaxSize", high + 1),
        )
    ),
    _size_case("cloud_efficiency 20 to 32768", 20, 32768, Category="cloud_efficiency"),
    _size_case("cloud_ssd 20 to 32768", 20, 32768, Category="cloud_ssd"),
    _size_case("cloud 5 to 2000", 5, 2000, Category="cloud"),
    _size_case("cloud_essd, PL1 by default, 20 to 65536", 20, 65536, Category=ESSD),
    _size_case("PL0 1 to 65536", 1, 65536, Category=ESSD, PerformanceLevel="PL0"),
    Case(
        "DataDisk.N.Size: PL1 to PL3 up to 65536",
        "DataDisk.1.Size",
        "InvalidDataDiskSize.ValueNotSupported",
        [_disk(Category=ESSD, PerformanceLevel=level, Size=65536) for level in ("PL1", "PL2", "PL3")],
        [_disk(Category=ESSD, PerformanceLevel=level, Size=65537) for level in ("PL1", "PL2", "PL3")],
    ),
    _level_case("PL1", 20),
    _level_case("PL2", 461),
    _level_case("PL3", 1261),
    Case(
        "DataDisk.N.Category: cloud_efficiency when I/O optimised, else cloud; undecided without IoOptimized",
        "DataDisk.1.Size",
        "InvalidDataDiskSize.ValueNotSupported",
        [
            _disk(Size=5),
            _disk(Size=32768),
            _disk(Size=20) | {"IoOptimized": "optimized"},
            _disk(Size=2000) | {"IoOptimized": "none"},
        ],
        [
            _disk(Size=4),
            _disk(Size=32769),
            _disk(Size=19) | {"IoOptimized": "optimized"},
            _disk(Size=2001) | {"IoOptimized": "none"},
        ],
    ),
    Case(
        "DataDisk.N.SnapshotId: Size is ignored; categories without a documented range take any size",
        "DataDisk.1.Size",
        "InvalidDataDiskSize.ValueNotSupported",
        [_disk(Category="cloud", Size=4, SnapshotId="s-1"), _disk(Category="cloud_auto", Size=1)],
        [_disk(Category="cloud", Size=4), _disk(Category="cloud_auto", Size=0)],
    ),
    Case(
        "DataDisk: N is 1 to 16",
        "DataDisk",
        "InstanceDiskNumber.LimitExceed",
        [_disks(1), _disks(16), {"DataDisk": []}],
        [_disks(17)],
    ),
    Case(
        "error InvalidDevice.InUse: one disk per device",
        "DataDisk.2.Device",
        "InvalidDevice.InUse",
        [{"DataDisk": [{"Device": "/dev/xvdb"}, {"Device": "/dev/xvdc"}, {"Size": 40}]}],
        [{"DataDisk": [{"Device": "/dev/xvdb"}, {"Device": "/dev/xvdb"}]}],
    ),
    *(
        Case(
            f"{disk}.PerformanceLevel: for cloud_essd only",
            f"{disk}.PerformanceLevel",
            "InvalidPerformanceLevel.Malformed",
            [{f"{disk}.Category": ESSD, f"{disk}.PerformanceLevel": "PL1"}, {f"{disk}.Category": "cloud_auto"}],
            [
                {f"{disk}.PerformanceLevel": "PL1"},
                {f"{disk}.Category": "cloud_ssd", f"{disk}.PerformanceLevel": "PL1"},
                {f"{disk}.Category": "cloud_auto", f"{disk}.PerformanceLevel": "PL1"},
            ],
        )
        for disk in ("SystemDisk", "DataDisk.1")
    ),
    *(
        Case(
            f"{disk}.Category: cloud_essd_entry for ecs.u1 and ecs.e only",
            f"{disk}.Category",
            "InvalidInstanceType.NotSupportDiskCategory",
            [
                {f"{disk}.Category": "cloud_essd_entry", "InstanceType": each}
                for each in ("ecs.u1-c1m1.large", "ecs.e-c1m2.xlarge")
            ],
            [
                {f"{disk}.Category": "cloud_essd_entry", "InstanceType": each}
                for each in ("ecs.g6.large", "ecs.u1x.large", "ecs.e3.small", "ecs.ebmg5.24xlarge")
            ],
        )
        for disk in ("SystemDisk", "DataDisk.1")
    ),
    *(
        Case(
            f"error InvalidStorageClusterId.ZoneIdEmpty: {disk}",
            "ZoneId",
            "InvalidStorageClusterId.ZoneIdEmpty",
            [{f"{disk}.StorageClusterId": "dbsc-1", f"{disk}.Size": 40, "ZoneId": "cn-hangzhou-g"}],
            [{f"{disk}.StorageClusterId": "dbsc-1", f"{disk}.Size": 40}],
        )
        for disk in ("SystemDisk", "DataDisk.1")
    ),
    *(
        Case(
            f"error InvalidStorageClusterId.DiskSizeEmpty: {disk}",
            f"{disk}.Size",
            "InvalidStorageClusterId.DiskSizeEmpty",
            [{f"{disk}.StorageClusterId": "dbsc-1", f"{disk}.Size": 40, "ZoneId": "cn-hangzhou-g"}],
            [{f"{disk}.StorageClusterId": "dbsc-1", "ZoneId": "cn-hangzhou-g"}],
        )
        for disk in ("SystemDisk", "DataDisk.1")
    ),
    Case(
        "error InvalidEncrypted.NotMatchKmsKeyId",
        "DataDisk.1.Encrypted",
        "InvalidEncrypted.NotMatchKmsKeyId",
        [_disk(KMSKeyId="k", Encrypted=True), _disk(Encrypted=True), _disk(Encrypted=False)],
        [_disk(KMSKeyId="k"), _disk(KMSKeyId="k", Encrypted=False)],
    ),
    Case(
        "error InvalidEncrypted.NotMatchEncryptAlgorithm",
        "DataDisk.1.Encrypted",
        "InvalidEncrypted.NotMatchEncryptAlgorithm",
        [_disk(EncryptAlgorithm="AES256", Encrypted=True)],
        [_disk(EncryptAlgorithm="AES256"), _disk(EncryptAlgorithm="AES256", Encrypted=False)],
    ),
    Case(
        "error IoOptimized.NotSupported: a key needs an I/O optimised instance",
        "IoOptimized",
        "IoOptimized.NotSupported",
        [
            _disk(KMSKeyId="k", Encrypted=True) | {"IoOptimized": "optimized"},
            _disk(KMSKeyId="k", Encrypted=True),
            _disk(Encrypted=True) | {"IoOptimized": "none"},
        ],
        [_disk(KMSKeyId="k", Encrypted=True) | {"IoOptimized": "none"}],
    ),
    Case(
        "Period: required when InstanceChargeType is PrePaid",
        "Period",
        "MissingParamter",
        [PREPAID, {"InstanceChargeType": "PostPaid"}, {"Period": 1}],
        [{"InstanceChargeType": "PrePaid"}],
    ),
    _period("Period", None, [1, 2, 3, 6, 12], [0, 4, 5, 7, 11, 13, 24], CheckOptions(), "InvalidPeriod"),
    _period(
        "Period",
        "Month",
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60],
        [0, 10, 11, 13, 72],
        MAINLAND,
        "InvalidPeriod",
    ),
    _period("Period", "Week", [1, 2, 3, 4], [0, 5], MAINLAND, "InvalidPeriod"),
    Case(
        "PeriodUnit: Month",
        "PeriodUnit",
        "InvalidPeriodUnit.ValueNotSupported",
        [PREPAID | {"PeriodUnit": "Month"}],
        [PREPAID | {"PeriodUnit": each} for each in ("Week", "Year", "month", "")],
    ),
    Case(
        "PeriodUnit: Week and Month on the mainland site",
        "PeriodUnit",
        "InvalidPeriodUnit.ValueNotSupported",
        [PREPAID | {"PeriodUnit": "Month"}, PREPAID | {"PeriodUnit": "Week"}],
        [PREPAID | {"PeriodUnit": "Year"}],
        MAINLAND,
    ),
    Case(
        "AutoRenewPeriod: required when AutoRenew is true, which takes effect with PrePaid only",
        "AutoRenewPeriod",
        "MissingParameter",
        [
            PREPAID | {"AutoRenew": True, "AutoRenewPeriod": 1},
            PREPAID | {"AutoRenew": False},
            {"AutoRenew": True},
            PREPAID,
        ],
        [PREPAID | {"AutoRenew": True}],
    ),
    _period(
        "AutoRenewPeriod",
        None,
        [1, 2, 3, 6, 12],
        [0, 4, 24],
        CheckOptions(),
        "InvalidAutoRenewPeriod.ValueNotSupported",
    ),
    _period(
        "AutoRenewPeriod", "Month", [1, 2, 3, 6, 12], [0, 4, 24], MAINLAND, "InvalidAutoRenewPeriod.ValueNotSupported"
    ),
    _period("AutoRenewPeriod", "Week", [1, 2, 3], [0, 4, 6], MAINLAND, "InvalidAutoRenewPeriod.ValueNotSupported"),
    Case(
        "error InvalidSpotPrepaid",
        "SpotStrategy",
        "InvalidSpotPrepaid",
        [SPOT, PREPAID | {"SpotStrategy": "NoSpot"}, SPOT | PREPAID | {"DedicatedHostId": "dh-1"}],
        [SPOT | PREPAID],
    ),
    Case(
        "error InvalidSpotParam.EmptyZoneID; ZoneId: the vSwitch brings its zone",
        "ZoneId",
        "InvalidSpotParam.EmptyZoneID",
        [SPOT, SPOT | {"ZoneId": None, "VSwitchId": "vsw-1"}, SPOT | {"ZoneId": None, "DedicatedHostId": "dh-1"}],
        [SPOT | {"ZoneId": None}],
    ),
    Case(
        "SpotStrategy: SpotWithPriceLimit sets a price limit",
        "SpotPriceLimit",
        "InvalidSpotPriceLimit",
        [
            SPOT,
            SPOT | {"SpotStrategy": "SpotWithPriceLimit", "SpotPriceLimit": 0.001},
            {"SpotPriceLimit": 0.5},
            SPOT | {"SpotPriceLimit": 0},
        ],
        [
            SPOT | {"SpotStrategy": "SpotWithPriceLimit"},
            SPOT | {"SpotStrategy": "SpotWithPriceLimit", "SpotPriceLimit": 0},
        ],
    ),
    Case(
        "DedicatedHostId: dedicated hosts take no spot instances; with an id the strategy is ignored",
        "SpotStrategy",
        "InvalidSpotStrategy",
        [SPOT | {"DedicatedHostId": "dh-1"}, SPOT | {"Tenancy": "host", "DedicatedHostId": "dh-1"}],
        [SPOT | {"Tenancy": "host"}],
    ),
    Case(
        "DeletionProtection: PostPaid only, and not spot",
        "DeletionProtection",
        "InvalidChargeType.ValueNotSupported",
        [
            {"DeletionProtection": True},
            PREPAID | {"DeletionProtection": False},
            SPOT | {"DeletionProtection": False},
            SPOT | {"DeletionProtection": True, "DedicatedHostId": "dh-1"},
        ],
        [PREPAID | {"DeletionProtection": True}, SPOT | {"DeletionProtection": True}],
    ),
    Case(
        "Tag.N.Key: a value needs its key",
        "Tag.1.Key",
        "MissingParameter",
        [{"Tag": [{"Key": "a"}]}],
        [{"Tag": [{"Value": "a"}]}],
    ),
    Case(
        "error Duplicate.TagKey",
        "Tag.2.Key",
        "Duplicate.TagKey",
        [{"Tag": [{"Key": "a"}, {"Key": "A"}]}],
        [{"Tag": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}],
    ),
    Case(
        "Tag: N is 1 to 20",
        "Tag",
        "QuotaExceed.Tags",
        [{"Tag": [{"Key": f"k{n}"} for n in range(20)]}],
        [{"Tag": [{"Key": f"k{n}"} for n in range(21)]}],
    ),
]
