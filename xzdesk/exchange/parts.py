"""Parts of a package: tables as CSV, JSON, attachments; how they are written, stored and read again.

CSV is RFC 4180 in one form only (docs/package-format.md, section 6), so that equal tables are equal bytes and no
two readers can see different cells in one file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.exchange import limits, strict_json
from xzdesk.exchange.header import COPY_AGAIN
from xzdesk.exchange.manifest import MediaType, PartEntry

VALUES: Final = ("element", "unit", "period", "state", "content")
CORRECTIONS: Final = ("element", "unit", "period", "before", "after", "reason", "corrected_at", "corrected_by")
FINDINGS: Final = ("fingerprint", "rule", "unit", "period", "reason", "given_at", "given_by")
ATTACHMENTS: Final = ("register", "row", "digest", "title")
RETURNED: Final = (
    "id", "unit", "period", "place", "target", "field", "reason", "status", "returned_at", "returned_by",
)  # fmt: skip
TARGETS: Final = ("indicator", "unit", "year", "value", "by_hand")

GZIP_LEVEL: Final = 2
"""Measured on a town's month (see docs/package-format.md, section 10): a third of the time of level 6 for an eighth
more bytes."""
_GZIP_WINDOW: Final = 31
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00"
_ROW_END: Final = "\r\n"
_EXTENSIONS: Final = {MediaType.JPEG: "jpg", MediaType.PNG: "png", MediaType.PDF: "pdf"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part, unpacked."""

    name: str
    media_type: MediaType
    schema: str
    """Name of the Table Schema of a CSV; what an attachment or JSON is otherwise."""
    content: bytes
    rows: int = 0


def csv_part(name: str, header: Sequence[str], rows: Sequence[Sequence[str]], schema: str = "") -> Part:
    """A table as a part. ``rows`` hold texts, each row as many as ``header``.

    Raises ``UserError`` ``package.field_too_long`` or ``package.text_nul`` when a text cannot travel, ``ValueError``
    when a row has another width.
    """
    width = len(header)
    if any(found != width for found in {*map(len, rows)}):
        raise ValueError(f"{name}: a row is not {width} wide")
    lines = [tuple(header), *rows]
    # Joining is three times as fast as csv.writer, and right as long as no cell needs quotes: then the marks
    # between cells are all the marks there are.
    joined = [*map(",".join, lines)]
    text = _ROW_END.join(joined) + _ROW_END
    plain = text.count(",") == len(lines) * (width - 1) and '"' not in text and width > 1
    if not (plain and text.count("\n") == text.count("\r") == len(lines)):
        text = _quoted(lines)
    if len(max(joined, key=len)) > limits.FIELD_CHARACTERS:
        _check_fields(lines, name)
    if "\0" in text:
        raise UserError("package.text_nul", f"“{name}”里有不可见的空字符，不能上报。", "请找到该单元格，重新输入。")
    return Part(name, MediaType.CSV, schema or name.removesuffix(".csv"), text.encode("utf-8"), len(rows))


def joined_part(name: str, header: Sequence[str], rows: Sequence[str], separator: str) -> Part:
    """``csv_part`` of rows that are one text each, with ``separator``, which no cell holds, between the cells."""
    content = (_ROW_END.join([separator.join(header), *rows]) + _ROW_END).encode("utf-8")
    mark = separator.encode()
    plain = b"," not in content and b'"' not in content and b"\0" not in content and len(header) > 1
    ends = content.count(b"\n") == content.count(b"\r") == len(rows) + 1
    wide = {row.count(separator) for row in rows} <= {len(header) - 1}
    if not (plain and ends and wide) or (rows and len(max(rows, key=len)) > limits.FIELD_CHARACTERS):
        return csv_part(name, header, [row.split(separator) for row in rows])
    return Part(name, MediaType.CSV, name.removesuffix(".csv"), content.replace(mark, b","), len(rows))


def json_part(name: str, text: str, schema: str = "") -> Part:
    """JSON as a part; ``text`` must be strict JSON (raises ``UserError`` ``package.json_*``)."""
    content = text.encode("utf-8")
    strict_json.parse(content, f"“{name}”")
    return Part(name, MediaType.JSON, schema or name.removesuffix(".json"), content)


def attachment_part(content: bytes, media_type: MediaType) -> Part:
    """A photograph or paper, named by its own hash."""
    name = f"attachment_{hashlib.sha256(content).hexdigest()}.{_EXTENSIONS[media_type]}"
    return Part(name, media_type, "attachment", content)


def store(part: Part, level: int = GZIP_LEVEL) -> tuple[PartEntry, bytes]:
    """The manifest's entry and the bytes as they stand in the package."""
    stored = _gzip(part.content, level) if part.media_type.compressed else part.content
    entry = PartEntry(
        name=part.name,
        media_type=part.media_type,
        schema=part.schema,
        length=len(stored),
        sha256=hashlib.sha256(stored).hexdigest(),
        size=len(part.content),
        rows=part.rows,
    )
    return entry, stored


def restore(entry: PartEntry, stored: bytes) -> Part:
    """Check the stored bytes against the manifest's entry and unpack them.

    ``entry`` comes from a decoded manifest: its size is within the limits. Raises ``UserError``
    ``package.part_altered``, ``package.part_gzip``, ``package.expansion`` or ``package.part_size``.
    """
    if hashlib.sha256(stored).hexdigest() != entry.sha256:
        raise UserError("package.part_altered", f"数据包里的“{entry.name}”与清单不符，已拒绝。", COPY_AGAIN)
    content = _gunzip(entry, stored) if entry.media_type.compressed else stored
    if len(content) != entry.size:
        raise UserError("package.part_size", f"数据包里“{entry.name}”的大小与清单不符。", COPY_AGAIN)
    return Part(entry.name, entry.media_type, entry.schema, content, entry.rows)


def read_csv(part: Part) -> tuple[tuple[str, ...], list[list[str]]]:
    """Header and rows of a CSV part, every row as wide as the header.

    Raises ``UserError`` ``package.csv_encoding``, ``package.text_nul``, ``package.csv_form``, ``package.csv_width``,
    ``package.csv_header``, ``package.field_too_long`` or ``package.part_rows``.
    """
    if b'"' in part.content:
        lines = _quoted_rows(_decode(part), part.name)
        _check_widths([len(line) for line in lines], part.name)
        _check_fields(lines, part.name)
    else:
        _check_plain(part)
        lines = [line.split(",") for line in _decode(part).removesuffix(_ROW_END).split(_ROW_END)]
    header = tuple(lines.pop(0))
    _check_table(header, len(lines), part)
    return header, lines


def read_joined(part: Part, separator: str) -> tuple[tuple[str, ...], list[str]]:
    """Header and rows of a CSV part, each row as one text with ``separator`` between its cells.

    For who looks at whole rows before cells. A cell that holds the separator makes its row too wide. Raises as
    ``read_csv``.
    """
    if b'"' in part.content or separator.encode() in part.content:
        header, rows = read_csv(part)
        return header, [separator.join(row) for row in rows]
    _check_plain(part)
    lines = _decode(part).replace(",", separator).removesuffix(_ROW_END).split(_ROW_END)
    header = tuple(lines.pop(0).split(separator))
    _check_table(header, len(lines), part)
    return header, lines


def read_json(part: Part) -> object:
    """The strict JSON of a part. Raises ``UserError`` ``package.json_*``."""
    return strict_json.parse(part.content, f"“{part.name}”")


def _decode(part: Part) -> str:
    try:
        text = part.content.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError("package.csv_encoding", f"“{part.name}”不是 UTF-8 编码。", COPY_AGAIN) from None
    if b"\0" in part.content:
        raise UserError("package.text_nul", f"“{part.name}”里有空字符，已拒绝。", COPY_AGAIN)
    if text.startswith("\ufeff"):
        raise UserError("package.csv_form", f"“{part.name}”带有字节顺序标记，不合规定。", COPY_AGAIN)
    return text


def _check_plain(part: Part) -> None:
    """Form and widths of a table without quotes, where every comma stands between cells. Bytes, for speed."""
    content = part.content
    lines = content.splitlines()
    # Every line ends with both characters, and neither stands elsewhere.
    if not (content.endswith(_ROW_END.encode()) and len(lines) == content.count(b"\n") == content.count(b"\r")):
        _decode(part)
        raise _bad_form(part.name)
    _check_widths([line.count(b",") for line in lines], part.name)
    if len(max(lines, key=len)) > limits.FIELD_CHARACTERS:
        _check_fields([line.split(",") for line in _decode(part).split(_ROW_END)], part.name)


def _quoted_rows(text: str, name: str) -> list[list[str]]:
    if not text.endswith(_ROW_END):
        raise _bad_form(name)
    longest = csv.field_size_limit()
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        if str(longest) in str(error):
            raise _too_long(name) from None
        raise _bad_form(name) from None
    # The reader takes bare quotes and needless ones; writing again shows whether the form was the only one.
    if _quoted(lines) != text:
        raise _bad_form(name)
    return lines


def _check_widths(widths: Sequence[int], name: str) -> None:
    """That all are as the first, the header's."""
    if any(width != widths[0] for width in set(widths)):
        number = next(at for at, width in enumerate(widths) if width != widths[0])
        raise UserError("package.csv_width", f"“{name}”第 {number} 行的列数与表头不同。", COPY_AGAIN)


def _check_table(header: Sequence[str], rows: int, part: Part) -> None:
    if len(set(header)) != len(header):
        raise UserError("package.csv_header", f"数据包里“{part.name}”的表头不对。", COPY_AGAIN)
    if rows != part.rows:
        raise UserError("package.part_rows", f"“{part.name}”有 {rows} 行，清单写的是 {part.rows} 行。", COPY_AGAIN)


def _quoted(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=_ROW_END).writerows(lines)
    return text.getvalue()


def _check_fields(lines: Sequence[Sequence[str]], name: str) -> None:
    most = limits.FIELD_CHARACTERS
    for line in lines:
        if len(max(line, key=len)) > most:
            raise _too_long(name)


def _gzip(content: bytes, level: int) -> bytes:
    """One gzip member without a name or time. Content that packs better than readers admit is packed less."""
    stored = _deflate(content, level, zlib.Z_DEFAULT_STRATEGY)
    if len(content) > len(stored) * limits.EXPANSION_RATIO:
        # Huffman codes alone need at least a bit for a byte: never more than 8:1.
        stored = _deflate(content, level, zlib.Z_HUFFMAN_ONLY)
    return stored


def _deflate(content: bytes, level: int, strategy: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, _GZIP_WINDOW, zlib.DEF_MEM_LEVEL, strategy)
    return packer.compress(content) + packer.flush()


def _gunzip(entry: PartEntry, stored: bytes) -> bytes:
    if not stored.startswith(_GZIP_HEADER):
        raise _bad_gzip(entry)
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        content = unpacker.decompress(stored, entry.size + 1)
    except zlib.error:
        raise _bad_gzip(entry) from None
    if len(content) > entry.size:
        raise UserError("package.expansion", f"“{entry.name}”解压后比清单写的大，已拒绝。", COPY_AGAIN)
    if not unpacker.eof or unpacker.unused_data:
        raise _bad_gzip(entry)
    return content


def _bad_gzip(entry: PartEntry) -> UserError:
    return UserError("package.part_gzip", f"数据包里“{entry.name}”的压缩数据不合规定。", COPY_AGAIN)


def _bad_form(name: str) -> UserError:
    return UserError("package.csv_form", f"“{name}”的 CSV 写法不合规定，已拒绝。", COPY_AGAIN)


def _too_long(name: str) -> UserError:
    most = limits.FIELD_CHARACTERS
    return UserError("package.field_too_long", f"“{name}”里有超过 {most} 字的内容。", "请缩短后重新上报。")
