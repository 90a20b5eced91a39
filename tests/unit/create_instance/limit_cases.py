"""The limits of single values, sentence by sentence of the page's parameter table."""

from __future__ import annotations

from base64 import b64encode

from tests.support.cases import Case, values

LETTERS = "Web-1_a.b:c"
RAW = 32 * 1024


def _encoded(size: int) -> str:
    return b64encode(b"x" * size).decode()


def _names(name: str, code: str) -> list[Case]:
    page = f"{name}: 2 to 128 characters; letters of Unicode, digits, and : _ . -"
    good = values(name, "ab", "a" * 128, LETTERS, "服务器01", "Ünïcode", "Сервер٣", "-.")
    bad = values(name, "a", "a" * 129, "", "a b", "a/b", "a@b", "web!", "a\nb", "tab\t1", "e\u0301toile")
    return [Case(page, name, code, good, bad)]


def _descriptions(name: str, code: str) -> list[Case]:
    page = f"{name}: 2 to 256 characters, not starting with http:// or https://"
    good = values(name, "ab", "a" * 256, "描述", "see http://a", "http:/x", "any: sign, at all!")
    return [Case(page, name, code, good, values(name, "a", "a" * 257, "", "http://a", "https://a"))]


def _listed(name: str, code: str, *known: str, unknown: str = "other") -> Case:
    wrong_case = known[0].swapcase()
    return Case(f"{name}: {', '.join(known)}", name, code, values(name, *known), values(name, unknown, wrong_case, ""))


CASES: list[Case] = [
    *_names("InstanceName", "InvalidInstanceName.Malformed"),
    Case(
        "InstanceName: the sample has one [1,4]",
        "InstanceName",
        "InvalidInstanceName.Malformed",
        values("InstanceName", "k8s-node-[1,4]-alibabacloud", "[001,3]"),
        values("InstanceName", "a[1]", "a[1,4][2,4]", "a[x,4]", "a[1,7]", "a[,]"),
    ),
    *_names("SystemDisk.DiskName", "InvalidDiskName.Malformed"),
    *_names("DataDisk.1.DiskName", "InvalidDiskName.Malformed"),
    *_descriptions("Description", "InvalidDescription.Malformed"),
    *_descriptions("SystemDisk.Description", "InvalidDiskDescription.Malformed"),
    *_descriptions("DataDisk.1.Description", "InvalidDiskDescription.Malformed"),
    Case(
        "HostName: 2 to 64 characters",
        "HostName",
        "InvalidHostName.Malformed",
        values("HostName", "ab", "a" * 64),
        values("HostName", "a", "a" * 65, ""),
    ),
    Case(
        "HostName: segments of letters, digits and hyphens between periods; . and - neither at an end nor in a row",
        "HostName",
        "InvalidHostName.Malformed",
        values("HostName", "web-1", "a.b.c", "a-b.c-d", "12", "Local1"),
        values("HostName", ".ab", "ab.", "-ab", "ab-", "a..b", "a--b", "a.-b", "a_b", "a b", "ä1", "ab\n"),
    ),
    Case(
        "Password: 8 to 30 characters",
        "Password",
        "InvalidPassword.Malformed",
        values("Password", "Abcdef12", "Ab1" * 10),
        values("Password", "Abcde12", "Ab1" * 10 + "x", ""),
    ),
    Case(
        "Password: three of capitals, small letters, digits, specials",
        "Password",
        "InvalidPassword.Malformed",
        values("Password", "Abcdefg1", "abcdef1!", "ABCDEF1!", "Abcdefg!", "Aa1!Aa1!"),
        values("Password", "abcdefgh", "abcdefg1", "ABCDEFG1", "abcdefg!", "1234567!", "Abcdefgh"),
    ),
    Case(
        "Password: these specials and no others",
        "Password",
        "InvalidPassword.Malformed",
        values("Password", *(f"Abcdef1{each}" for each in "()`~!@#$%^&*-_+=|{}[]:;'<>,.?/")),
        values("Password", *(f"Abcdef1{each}" for each in '"\\ é密\t\x00')),
    ),
    Case(
        "UserData: Base64, line breaks allowed",
        "UserData",
        "InvalidUserData.Base64FormatInvalid",
        values("UserData", "ZWNobyBoZWxsbyBlY3Mh", "YQ==", "YWI=", "+/+/", "YQ==\n", "ZWNo\r\nbyBo\nYQ==\r\n"),
        values("UserData", "a", "YQ=", "YQ", "Y Q=", "YQ==\t", "\n", "-_-_", "====", "ä===", ""),
    ),
    Case(
        "UserData: at most 32 KB before encoding",
        "UserData",
        "InvalidUserData.SizeExceeded",
        values("UserData", _encoded(RAW), _encoded(RAW - 1), _encoded(RAW - 2)),
        values("UserData", _encoded(RAW + 1), _encoded(RAW + 2), _encoded(RAW + 3)),
    ),
    Case(
        "ClientToken: ASCII, at most 64 characters",
        "ClientToken",
        "InvalidClientToken.ValueNotSupported",
        values("ClientToken", "a", "a" * 64, "123e4567-e89b-12d3-a456-426655440000", "~ !"),
        values("ClientToken", "", "a" * 65, "tökén", "a\nb", "\x7f"),
    ),
    Case(
        "SpotPriceLimit: at most three decimals",
        "SpotPriceLimit",
        "InvalidSpotPriceLimit",
        values("SpotPriceLimit", 0.98, 0.001, 1, 12.345, 0, 100000.5),
        values("SpotPriceLimit", 0.0001, 0.9876, 1.2345, -0.5, -1),
    ),
    Case(
        "SpotDuration: 0 or 1",
        "SpotDuration",
        "InvalidSpotDuration",
        values("SpotDuration", 0, 1),
        values("SpotDuration", -1, 2, 6),
    ),
    Case(
        "InternetMaxBandwidthOut: 0 to 100",
        "InternetMaxBandwidthOut",
        "InvalidInternetMaxBandwidthOut.Malformed",
        values("InternetMaxBandwidthOut", 0, 1, 100),
        values("InternetMaxBandwidthOut", -1, 101),
    ),
    Case(
        "DeploymentSetGroupNo: 1 to 7",
        "DeploymentSetGroupNo",
        "InvalidParameter",
        values("DeploymentSetGroupNo", 1, 7),
        values("DeploymentSetGroupNo", 0, 8),
    ),
    Case(
        "StorageSetPartitionNumber: 2 or more",
        "StorageSetPartitionNumber",
        "InvalidParameter.StorageSetPartitionNumber",
        values("StorageSetPartitionNumber", 2, 2000),
        values("StorageSetPartitionNumber", 1, 0, -2),
    ),
    Case(
        "error InvalidHttpPutResponseHopLimit.NotSupported: 1 to 64",
        "HttpPutResponseHopLimit",
        "InvalidHttpPutResponseHopLimit.NotSupported",
        values("HttpPutResponseHopLimit", 1, 64),
        values("HttpPutResponseHopLimit", 0, 65),
    ),
    Case(
        "PrivateIpAddress: an address",
        "PrivateIpAddress",
        "InvalidPrivateIpAddress.Malformed",
        [{"PrivateIpAddress": each, "VSwitchId": "vsw-1"} for each in ("172.16.236.10", "0.0.0.1", "255.255.255.255")],
        [
            {"PrivateIpAddress": each, "VSwitchId": "vsw-1"}
            for each in ("172.16.236.*", "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "::1", "1.2.3.4\n", "")
        ],
    ),
    Case(
        "InnerIpAddress: an address",
        "InnerIpAddress",
        "InvalidInnerIpAddress.Malformed",
        values("InnerIpAddress", "10.0.0.1"),
        values("InnerIpAddress", "192.168.**.**", "300.1.1.1", ""),
    ),
    Case(
        "Tag.N.Key: 1 to 128 characters",
        "Tag.1.Key",
        "InvalidTagKey.Malformed",
        values("Tag.1.Key", "k", "k" * 128, "键"),
        values("Tag.1.Key", "", "k" * 129),
    ),
    Case(
        "Tag.N.Key: not starting with aliyun or acs:, without http:// and https://",
        "Tag.1.Key",
        "InvalidTagKey.Malformed",
        values("Tag.1.Key", "my-aliyun", "acs", "xacs:", "http:/"),
        values("Tag.1.Key", "aliyun", "aliyunx", "acs:", "acs:x", "http://", "see https://x"),
    ),
    Case(
        "Tag.N.Value: at most 128 characters, may be empty, without http:// and https://",
        "Tag.1.Value",
        "InvalidTagValue.Malformed",
        [{"Tag.1.Key": "k", "Tag.1.Value": each} for each in ("", "v" * 128, "aliyun", "acs:x", "http:/x")],
        [{"Tag.1.Key": "k", "Tag.1.Value": each} for each in ("v" * 129, "http://", "see https://x")],
    ),
    _listed("InternetChargeType", "InvalidInternetChargeType.ValueNotSupported", "PayByBandwidth", "PayByTraffic"),
    _listed("IoOptimized", "InvalidIoOptimizedValue.ValueNotSupported", "none", "optimized"),
    _listed("SpotInterruptionBehavior", "InvalidSpotInterruptionBehavior", "Terminate", "Stop"),
    _listed("SecurityEnhancementStrategy", "InvalidParameter", "Active", "Deactive"),
    _listed("CreditSpecification", "InvalidParameter.CreditSpecification", "Standard", "Unlimited"),
    _listed("Affinity", "InvalidParameter.Affinity", "default", "host"),
    _listed("Tenancy", "InvalidParameter.Tenancy", "default", "host"),
    _listed("HttpEndpoint", "InvalidHttpEndpoint.NotSupported", "enabled", "disabled"),
    _listed("HttpTokens", "InvalidHttpTokens.NotSupported", "optional", "required"),
    _listed("PrivatePoolOptions.MatchCriteria", "Invalid.PrivatePoolOptions.MatchCriteria", "Open", "None"),
    _listed("SpotStrategy", "InvalidSpotStrategy", "NoSpot"),
    _listed("InstanceChargeType", "InvalidInstanceChargeType.NotFound", "PostPaid"),
    _listed(
        "SystemDisk.Category",
        "InvalidSystemDiskCategory.ValueNotSupported",
        *("cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud", "cloud_auto"),
        unknown="elastic_ephemeral_disk_standard",
    ),
    _listed(
        "DataDisk.1.Category",
        "InvalidDataDiskCategory.ValueNotSupported",
        *("cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud", "cloud_auto"),
        *("elastic_ephemeral_disk_standard", "elastic_ephemeral_disk_premium"),
        unknown="cloud_new",
    ),
    *(
        Case(
            f"{disk}.PerformanceLevel: PL0 to PL3",
            f"{disk}.PerformanceLevel",
            "InvalidPerformanceLevel.Malformed",
            [{f"{disk}.Category": "cloud_essd", f"{disk}.PerformanceLevel": f"PL{n}"} for n in range(4)],
            [{f"{disk}.Category": "cloud_essd", f"{disk}.PerformanceLevel": each} for each in ("PL4", "pl1", "")],
        )
        for disk in ("SystemDisk", "DataDisk.1")
    ),
    *(
        Case(f"{name}: required", name, "MissingParameter", values(name, good), values(name, None, ""))
        for name, good in (("RegionId", "cn-beijing"), ("InstanceType", "x"))
    ),
    Case(
        "RegionId: one DNS label of a region's form",
        "RegionId",
        "InvalidRegionId.NotFound",
        values("RegionId", "us-east-1", "cn-shanghai-finance-1", "rus-west-1-pop", "cn-zhangbei-na61-b01"),
        values(
            "RegionId",
            *("evil.example.com/x", "x@host:1/", "host#", "host?", "169.254.1.1/", "cn-hangzhou.evil", "cn-hangzhou\n"),
            *(
                "cn",
                "CN-Hangzhou",
                "cn--hangzhou",
                "cn-hangzhou-",
                "-cn",
                "cn_hangzhou",
                " cn-hangzhou",
                "cn-h\u0430ngzhou",
            ),
            *(
                "oss-cn-hangzhou",
                "cn-" + "x" * 15,
                "cn-a-a-a-a-a",
                "cn\uff0dhangzhou",
                "cn-\u0661",
                "[::1]",
                "%63n-hangzhou",
            ),
        ),
    ),
]
