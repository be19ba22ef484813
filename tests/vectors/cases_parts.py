"""Vectors of parts: names, lengths, digests, gzip, the one form of CSV, strict JSON."""

import itertools
import struct
import zlib
from typing import Any

from tests.vectors.case import ACCEPTED, Case
from tests.vectors.package_writer import TABLE, VALUES, Stored, gzip_run, gzip_stored, package, part

GZIP = gzip_stored(TABLE)
FIELD_LIMIT = 10_000
RATIO = 100


def with_part(name: str, part_name: str = "values.csv", **changes: Any) -> bytes:
    return package(name, (part(part_name, TABLE, **changes),))


def table(name: str, content: bytes, rows: int = 1) -> bytes:
    return package(name, (part("values.csv", content, rows=rows),))


def stored_as(name: str, data: bytes, content: bytes = TABLE) -> bytes:
    return package(name, (part("values.csv", content, data=data),))


def many(count: int) -> tuple[Stored, ...]:
    return tuple(part(f"p{number}.csv", b"a,b\r\n", rows=0) for number in range(count))


def run(above: int) -> bytes:
    """A JSON part that packs exactly 100:1, or ``above`` bytes better."""
    for matches, blanks in itertools.product(range(40, 80), range(RATIO)):
        start = b"{}" + b" " * blanks
        content, data = gzip_run(start, b" ", matches)
        padding, rest = divmod(len(content) - above - RATIO * len(data), 5 * RATIO)
        if rest == 0:
            content, data = gzip_run(start, b" ", matches, padding)
            return package("ratio", (part("run.json", content, "application/json", data),))
    raise AssertionError(above)


def named_gzip() -> bytes:
    """A member with a file name, which no reader needs."""
    return b"\x1f\x8b\x08\x08" + GZIP[4:10] + b"../x\0" + GZIP[10:]


def wrong_check() -> bytes:
    return GZIP[:-8] + struct.pack("<II", zlib.crc32(TABLE) ^ 1, len(TABLE))


NAMES = [
    Case("parts-64", ACCEPTED, "as many parts as allowed", lambda: package("n1", many(64))),
    Case("parts-65", "package.too_many_parts", "one more", lambda: package("n2", many(65))),
    Case("parts-none", ACCEPTED, "no part", lambda: package("n3", ())),
    Case("part-twice", "package.part_duplicate", "a name twice", lambda: package("n4", (VALUES, VALUES))),
    *(
        Case(
            f"part-name-{what}",
            "package.part_name",
            f"named {name!r}",
            lambda name=name, what=what: with_part(what, name),
        )
        for what, name in {
            "slash": "a/b.csv",
            "backslash": "a\\b.csv",
            "dots": "../values.csv",
            "absolute": "/etc/passwd",
            "drive": "c:values.csv",
            "capitals": "Values.csv",
            "empty": "",
            "blank": "values .csv",
            "nul": "values.csv\0",
            "line-end": "values.csv\n",
            "chinese": "数据.csv",
            "long": "a" * 81 + ".csv",
            "two-dots": "values.tar.gz",
        }.items()
    ),
]

LENGTHS = [
    Case(
        "part-media-type",
        "package.manifest_invalid",
        "a program",
        lambda: with_part("l1", media_type="application/x-sh"),
    ),
    Case(
        "part-shorter",
        "package.parts_length",
        "less announced than there is",
        lambda: with_part("l2", length=len(GZIP) - 1),
    ),
    Case(
        "part-longer",
        "package.parts_length",
        "more announced than there is",
        lambda: with_part("l3", length=len(GZIP) + 1),
    ),
    Case(
        "parts-shifted",
        "package.part_altered",
        "the right sum, cut at the wrong place",
        lambda: package(
            "l4",
            (
                part("a.csv", TABLE, length=len(GZIP) - 1),
                part("b.csv", TABLE, length=len(GZIP) + 1),
            ),
        ),
    ),
    Case("part-altered", "package.part_altered", "another digest", lambda: with_part("l5", sha256="ab" * 32)),
    Case(
        "part-size-below",
        "package.expansion",
        "unpacks to more than announced",
        lambda: with_part("l6", size=len(TABLE) - 1),
    ),
    Case(
        "part-size-above",
        "package.part_size",
        "unpacks to less than announced",
        lambda: with_part("l7", size=len(TABLE) + 1),
    ),
    Case(
        "photograph",
        ACCEPTED,
        "a photograph, stored as it is",
        lambda: package("l8", (part("attachment_a.jpg", b"\xff\xd8\xff", "image/jpeg"),)),
    ),
    Case(
        "photograph-size",
        "package.part_size",
        "a photograph with two sizes",
        lambda: package("l9", (part("attachment_a.jpg", b"\xff\xd8\xff", "image/jpeg", size=4),)),
    ),
    Case(
        "photograph-rows",
        "package.part_size",
        "a photograph with rows",
        lambda: package("l10", (part("attachment_a.jpg", b"\xff\xd8\xff", "image/jpeg", rows=1),)),
    ),
]

PACKED = [
    Case("ratio-100", ACCEPTED, "packs as well as allowed", lambda: run(0)),
    Case("ratio-above-100", "package.expansion", "one byte better", lambda: run(1)),
    Case(
        "bomb",
        "package.expansion",
        "announces little and unpacks to a megabyte",
        lambda: package("p1", (part("run.json", b"{}", "application/json", gzip_run(b"{}", b" ", 4000)[1]),)),
    ),
    Case("gzip-none", "package.part_gzip", "not packed", lambda: stored_as("p2", TABLE)),
    Case("gzip-zlib", "package.part_gzip", "zlib in place of gzip", lambda: stored_as("p3", b"\x78\x01" + GZIP[10:])),
    Case("gzip-name", "package.part_gzip", "with a file name", lambda: stored_as("p4", named_gzip())),
    Case("gzip-cut", "package.part_gzip", "cut", lambda: stored_as("p5", GZIP[:-1])),
    Case("gzip-longer", "package.part_gzip", "a byte after the end", lambda: stored_as("p6", GZIP + b"\0")),
    Case("gzip-two", "package.part_gzip", "two members", lambda: stored_as("p7", GZIP + gzip_stored(b""))),
    Case("gzip-check", "package.part_gzip", "a checksum that is wrong", lambda: stored_as("p8", wrong_check())),
    Case("gzip-empty", "package.expansion", "no bytes, and said to unpack to some", lambda: stored_as("p9", b"")),
]

CSV = [
    Case(
        "csv-field-10000",
        ACCEPTED,
        "as long a cell as allowed",
        lambda: table("t1", b"a,b\r\n" + b"x" * FIELD_LIMIT + b",\r\n"),
    ),
    Case(
        "csv-field-10001",
        "package.field_too_long",
        "one more",
        lambda: table("t2", b"a,b\r\n" + b"x" * (FIELD_LIMIT + 1) + b",\r\n"),
    ),
    Case(
        "csv-field-characters",
        ACCEPTED,
        "10,000 characters are 30,000 bytes",
        lambda: table("t3", b"a,b\r\n" + "汉".encode() * FIELD_LIMIT + b",\r\n"),
    ),
    Case(
        "csv-quoted",
        ACCEPTED,
        "commas, quotes and line ends in cells",
        lambda: table("t4", b'a,b\r\n"x,\r\n""y""",\r\n'),
    ),
    Case("csv-lf", "package.csv_form", "lines end in LF", lambda: table("t5", TABLE.replace(b"\r\n", b"\n"))),
    Case("csv-cr", "package.csv_form", "a CR in a line", lambda: table("t6", TABLE.replace(b"served", b"ser\rved"))),
    Case("csv-open", "package.csv_form", "the last line has no end", lambda: table("t7", TABLE.removesuffix(b"\r\n"))),
    Case("csv-empty", "package.csv_form", "nothing, not even a header", lambda: table("t8", b"")),
    Case("csv-bom", "package.csv_form", "a byte order mark", lambda: table("t9", b"\xef\xbb\xbf" + TABLE)),
    Case("csv-nul", "package.text_nul", "a NUL", lambda: table("t10", TABLE.replace(b"598", b"5\x008"))),
    Case("csv-not-utf-8", "package.csv_encoding", "GB18030", lambda: table("t11", "名,b\r\n".encode("gb18030"), 0)),
    Case(
        "csv-surrogate",
        "package.csv_encoding",
        "half a character in UTF-8",
        lambda: table("t12", b"\xed\xa0\x80,b\r\n", 0),
    ),
    Case(
        "csv-needless-quotes",
        "package.csv_form",
        "quotes where none are needed",
        lambda: table("t13", b'a,b\r\n"x",y\r\n'),
    ),
    Case("csv-bare-quote", "package.csv_form", "a quote within a cell", lambda: table("t14", b'a,b\r\nx"y,z\r\n')),
    Case("csv-open-quote", "package.csv_form", "a quote without its end", lambda: table("t15", b'a,b\r\n"x,y\r\n')),
    Case("csv-short-row", "package.csv_width", "a row of one cell", lambda: table("t16", b"a,b\r\nx\r\n")),
    Case("csv-long-row", "package.csv_width", "a row of three cells", lambda: table("t17", b"a,b\r\nx,y,z\r\n")),
    Case("csv-header-twice", "package.csv_header", "a column twice", lambda: table("t18", b"a,a\r\nx,y\r\n")),
    Case("csv-rows-less", "package.part_rows", "one row less than announced", lambda: table("t19", TABLE, 2)),
    Case("csv-rows-more", "package.part_rows", "one row more than announced", lambda: table("t20", TABLE, 0)),
    Case(
        "json-part-duplicate",
        "package.json_duplicate",
        "a JSON part with a name twice",
        lambda: package("t21", (part("a.json", b'{"a":1,"a":2}', "application/json"),)),
    ),
]

CASES = [*NAMES, *LENGTHS, *PACKED, *CSV]
