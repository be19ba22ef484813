"""Vectors of the manifest: strict JSON, its model, the records in its body."""

import json
from typing import Any

from tests.vectors.case import ACCEPTED, Case, Mode
from tests.vectors.package_writer import (
    DISTRICT,
    STRANGER,
    TOWN,
    VALUES,
    Json,
    Office,
    line,
    manifest,
    package,
    part,
    raw_package,
    text64,
)

BIG = 10**15
LINE = line(manifest())
PLACE = b'"totals":{"values":1}'
DEPTH = 16


def with_totals(name: str, text: bytes) -> bytes:
    """The manifest with ``text`` for the only total's number."""
    return raw_package(name, LINE.replace(PLACE, PLACE[:-2] + text + b"}"))


def nested(levels: int) -> Any:
    content: Any = []
    for _ in range(levels - 1):
        content = [content]
    return content


def with_body(name: str, kind: str, **body: Any) -> bytes:
    return package(name, kind=kind, body=body)


JSON = [
    Case("json-empty", "package.json_syntax", "no manifest at all", lambda: raw_package("j1", b"", ())),
    Case(
        "json-not-utf-8",
        "package.json_encoding",
        "GB18030",
        lambda: raw_package("j2", LINE.replace(b"vectors", "向".encode("gb18030"))),
    ),
    Case("json-bom", "package.json_syntax", "a byte order mark", lambda: raw_package("j3", b"\xef\xbb\xbf" + LINE)),
    Case("json-utf-16", "package.json_syntax", "UTF-16", lambda: raw_package("j4", LINE.decode().encode("utf-16-be"))),
    Case(
        "json-surrogate",
        "package.json_encoding",
        "half a character",
        lambda: raw_package("j5", LINE.replace(b'"vectors"', b'"\\ud800"')),
    ),
    Case(
        "json-twice",
        "package.json_duplicate",
        "a name twice",
        lambda: raw_package("j6", LINE.replace(b'{"suite":1', b'{"suite":1,"suite":1')),
    ),
    Case(
        "json-twice-inside",
        "package.json_duplicate",
        "a name twice in an object inside",
        lambda: raw_package("j7", LINE.replace(PLACE, b'"totals":{"a":1,"a":1}')),
    ),
    Case(
        "json-twice-escaped",
        "package.json_duplicate",
        "the same name, once with an escape",
        lambda: raw_package("j8", LINE.replace(PLACE, b'"totals":{"a":1,"\\u0061":1}')),
    ),
    Case("json-nan", "package.json_number", "NaN", lambda: with_totals("j9", b"NaN")),
    Case("json-infinity", "package.json_number", "-Infinity", lambda: with_totals("j10", b"-Infinity")),
    Case("json-fraction", "package.json_number", "1.0 where an integer belongs", lambda: with_totals("j11", b"1.0")),
    Case("json-exponent", "package.json_number", "1e3", lambda: with_totals("j12", b"1e3")),
    Case("json-leading-zero", "package.json_syntax", "01", lambda: with_totals("j13", b"01")),
    Case("json-largest", ACCEPTED, "the largest integer", lambda: with_totals("j14", b"%d" % BIG)),
    Case("json-above-largest", "package.json_integer", "one more", lambda: with_totals("j15", b"%d" % (BIG + 1))),
    Case("json-smallest", ACCEPTED, "the smallest integer", lambda: with_totals("j16", b"-%d" % BIG)),
    Case("json-below-smallest", "package.json_integer", "one less", lambda: with_totals("j17", b"-%d" % (BIG + 1))),
    Case("json-long-integer", "package.json_integer", "4,000 digits", lambda: with_totals("j18", b"9" * 4000)),
    Case("json-depth-16", ACCEPTED, "as deep as allowed", lambda: package("j19", remark=nested(DEPTH - 1))),
    Case("json-depth-17", "package.json_depth", "one level more", lambda: package("j20", remark=nested(DEPTH))),
    Case(
        "json-deep",
        "package.json_depth",
        "100,000 levels",
        lambda: raw_package("j21", b"[" * 100_000 + b"]" * 100_000),
    ),
    Case("json-comma", "package.json_syntax", "a comma too many", lambda: raw_package("j22", LINE[:-1] + b",}")),
    Case("json-two", "package.json_syntax", "two values", lambda: raw_package("j23", LINE + b"{}")),
    Case("json-comment", "package.json_syntax", "a comment", lambda: raw_package("j24", LINE + b"//")),
    Case(
        "json-control",
        "package.json_syntax",
        "a tab in a text",
        lambda: raw_package("j25", LINE.replace(b"vectors", b"v\tctors")),
    ),
    Case("json-array", "package.manifest_invalid", "a list", lambda: raw_package("j26", b"[]")),
    Case(
        "json-blanks",
        ACCEPTED,
        "blanks between the tokens",
        lambda: raw_package("j27", b" " + LINE.replace(b",", b", ")),
    ),
]

MODEL = [
    Case("kind-missing", "package.manifest_invalid", "no kind", lambda: package("k1", kind=...)),
    Case("kind-unknown", "package.manifest_invalid", "a kind nobody knows", lambda: package("k2", kind="order")),
    Case("sequence-zero", "package.manifest_invalid", "number 0", lambda: package("k3", sequence=0)),
    Case("sequence-text", "package.manifest_invalid", "a number as text", lambda: package("k4", sequence="1")),
    Case("sequence-true", "package.manifest_invalid", "true for 1", lambda: package("k5", sequence=True)),
    Case("sequence-null", "package.manifest_invalid", "null for a number", lambda: package("k6", sequence=None)),
    Case("format-2", "package.format_newer", "a format not yet made", lambda: package("k7", format=2)),
    Case("format-0", "package.manifest_invalid", "no such format", lambda: package("k8", format=0)),
    Case("suite-2", "package.suite_unknown", "a suite nobody knows", lambda: package("k9", suite=2)),
    Case(
        "reader-newer",
        "package.reader_too_old",
        "asks for a later program",
        lambda: package("k10", min_reader="9999.0.0"),
    ),
    Case(
        "reader-longer",
        "package.manifest_invalid",
        "a version of four numbers",
        lambda: package("k11", min_reader="0.1.0.0"),
    ),
    Case(
        "critical-unknown",
        "package.critical_unknown",
        "must be known and is not",
        lambda: package("k12", critical=["body.quota"], body={"quota": 1}),
    ),
    Case(
        "critical-known", ACCEPTED, "must be known and is", lambda: package("k13", critical=["sequence", "body.trust"])
    ),
    Case(
        "critical-no-text", "package.critical_unknown", "a name that is a list", lambda: package("k14", critical=[[]])
    ),
    Case("critical-no-list", "package.manifest_invalid", "a text for a list", lambda: package("k15", critical="kind")),
    Case("unknown-name", ACCEPTED, "a name of a later version", lambda: package("k16", quota={"a": 1})),
    Case("unknown-name-in-body", ACCEPTED, "a record of a later version", lambda: package("k17", body={"quota": 1})),
    Case("period-13", "package.manifest_invalid", "month 13", lambda: package("k18", period="2026-13")),
    Case(
        "period-full-width",
        "package.manifest_invalid",
        "full-width digits",
        lambda: package("k19", period="２０２６-10"),
    ),
    Case(
        "unit-with-path",
        "package.manifest_invalid",
        "a unit code that climbs",
        lambda: package("k20", receiver={"unit": "../etc", "key_id": ""}),
    ),
    Case(
        "unit-with-line-end",
        "package.manifest_invalid",
        "a unit code with a line end",
        lambda: package("k21", receiver={"unit": DISTRICT.unit + "\n", "key_id": ""}),
    ),
    Case(
        "key-id-capitals",
        "package.manifest_invalid",
        "hex in capitals",
        lambda: package("k22", receiver={"unit": DISTRICT.unit, "key_id": DISTRICT.key_id.upper()}),
    ),
    Case(
        "created-local",
        "package.manifest_invalid",
        "not UTC",
        lambda: package("k23", created="2026-11-04T16:20:00+08:00"),
    ),
    Case("previous-short", "package.manifest_invalid", "half a digest", lambda: package("k24", previous="ab" * 16)),
    Case("totals-text", "package.manifest_invalid", "a total as text", lambda: package("k25", totals={"values": "1"})),
]


def recipient(number: int) -> Office:
    return Office(f"listed {number}", f"99{number:010d}")


def listed(count: int) -> list[Json]:
    """Lines of a trust list. Two recipients do for all of them: only the signing keys differ."""
    return [{"keys": recipient(number).keys(), "status": "trusted"} for number in range(count)]


def trusting(name: str, entries: list[Json], version: int = 3, announced: int = 3) -> bytes:
    content = {"version": version, "entries": entries}
    return package(name, kind="task", trust_version=announced, body={"trust": content})


def acknowledging(name: str, count: int, **changes: Any) -> bytes:
    one = {"package": "ab" * 32, "sequence": 1, "taken": "accepted"} | changes
    return with_body(name, "receipt", receipt={"epoch": 1, "acknowledged": [one] * count})


def rotating(name: str, **changes: Any) -> bytes:
    rotation = {
        "old_key_id": TOWN.key_id,
        "keys": STRANGER.keys(unit=TOWN.unit, epoch=2),
        "old_signature": text64(bytes(64)),
        "new_signature": text64(bytes(64)),
    }
    return with_body(name, "submission", rotation=rotation | changes)


BODY = [
    Case("trust-500", ACCEPTED, "as many keys as allowed", lambda: trusting("b1", listed(500))),
    Case("trust-501", "package.body_invalid", "one more", lambda: trusting("b2", listed(501))),
    Case("trust-twice", "package.body_invalid", "the same key twice", lambda: trusting("b3", listed(1) * 2)),
    Case("trust-other-version", "package.body_invalid", "not the version announced", lambda: trusting("b4", [], 3, 4)),
    Case(
        "trust-pending",
        "package.body_invalid",
        "a status that is no decision",
        lambda: trusting("b5", [{"keys": TOWN.keys(), "status": "pending"}]),
    ),
    Case("receipt-200", ACCEPTED, "as many packages as allowed", lambda: acknowledging("b6", 200)),
    Case("receipt-201", "package.body_invalid", "one more", lambda: acknowledging("b7", 201)),
    Case("receipt-cause-500", ACCEPTED, "as long a text as allowed", lambda: acknowledging("b8", 1, cause="因" * 500)),
    Case("receipt-cause-501", "package.body_invalid", "one more", lambda: acknowledging("b9", 1, cause="因" * 501)),
    Case("receipt-missing", "package.body_missing", "a receipt for nothing", lambda: with_body("b10", "receipt")),
    Case(
        "receipt-null",
        "package.body_missing",
        "null for the receipt",
        lambda: with_body("b11", "receipt", receipt=None),
    ),
    Case(
        "receipt-list",
        "package.body_invalid",
        "a list for the receipt",
        lambda: with_body("b12", "receipt", receipt=[]),
    ),
    Case("rotation-form", ACCEPTED, "well formed; what it is worth is asked later", lambda: rotating("b13")),
    Case(
        "rotation-short-signature",
        "package.body_invalid",
        "63 bytes of signature",
        lambda: rotating("b14", old_signature=text64(bytes(63))),
    ),
    Case(
        "rotation-stray-bits",
        "package.body_invalid",
        "base64 with stray bits",
        lambda: rotating("b15", new_signature="A" * 85 + "B=="),
    ),
    Case(
        "rotation-of-others",
        "package.body_invalid",
        "signed by neither the old key nor the new",
        lambda: rotating("b17", old_key_id=DISTRICT.key_id),
    ),
    Case("body-list", "package.manifest_invalid", "a list for the body", lambda: package("b16", body=[])),
]


def announced(media_type: str, *sizes: tuple[int, int]) -> bytes:
    """The manifest of parts with these stored and unpacked lengths, which nobody makes."""
    extension = {"text/csv": "csv", "image/jpeg": "jpg"}[media_type]
    parts = [
        part(f"p{place}.{extension}", b"", media_type, b"", length=length, size=size, rows=0)
        for place, (length, size) in enumerate(sizes)
    ]
    return line(manifest(parts))


MIB = 1024 * 1024
SIZES = [
    Case(
        "expanded-256-mib",
        ACCEPTED,
        "unpacked as large as allowed, all together",
        lambda: announced("text/csv", (32 * MIB, 128 * MIB), (32 * MIB, 128 * MIB)),
        Mode.MANIFEST,
    ),
    Case(
        "expanded-256-mib-1",
        "package.expansion",
        "one byte more",
        lambda: announced("text/csv", (32 * MIB, 128 * MIB), (32 * MIB, 128 * MIB + 1)),
        Mode.MANIFEST,
    ),
    Case(
        "tables-64-mib",
        ACCEPTED,
        "tables as large as allowed",
        lambda: announced("text/csv", (32 * MIB, 1), (32 * MIB, 1)),
        Mode.MANIFEST,
    ),
    Case(
        "tables-64-mib-1",
        "package.too_large",
        "one byte more",
        lambda: announced("text/csv", (32 * MIB, 1), (32 * MIB + 1, 1)),
        Mode.MANIFEST,
    ),
    Case(
        "photographs-above-64-mib",
        ACCEPTED,
        "photographs may be larger than tables",
        lambda: announced("image/jpeg", (65 * MIB, 65 * MIB)),
        Mode.MANIFEST,
    ),
    Case(
        "negative-length",
        "package.manifest_invalid",
        "a negative length",
        lambda: announced("text/csv", (-1, 0)),
        Mode.MANIFEST,
    ),
    Case(
        "manifest-only",
        ACCEPTED,
        "names with every kind of character JSON knows",
        lambda: json.dumps(manifest((VALUES,), remark='汉字 \u2028 \\ " 😀'), ensure_ascii=True).encode(),
        Mode.MANIFEST,
    ),
]

CASES = [*JSON, *MODEL, *BODY, *SIZES]
