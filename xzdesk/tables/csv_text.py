"""CSV in and out (RFC 4180), so that no text becomes a formula when a spreadsheet opens the file.

Out: UTF-8 with BOM (what Excel and WPS need to see Chinese), CRLF. A text that begins with one of ``= + - @``, a
tab, a line break or a full-width twin of those signs, perhaps after apostrophes, gets one apostrophe in front.
In: one apostrophe in front of such a text is taken away again, so that a round trip is exact. Numbers are written
as numbers and never prefixed. In: UTF-8 with or without BOM, UTF-16 with BOM, GB18030.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from xzdesk.core.errors import UserError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_CELLS: Final = 2_000_000
MAX_FIELD: Final = 32_767
"""Characters of one cell; a spreadsheet's own limit."""

_DANGEROUS: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_GUARDED: Final = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_DELIMITERS: Final = ",\t;"
_BOMS: Final = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def guard(text: str) -> str:
    """The text as it is written to CSV; ``unguard`` of it is the text again."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguard(text: str) -> str:
    """Undo ``guard``; other texts, apostrophes in front included, stay."""
    return text[1:] if _GUARDED.match(text) else text


def write_csv(rows: Iterable[Sequence[str | int | float | None]]) -> bytes:
    """A file of ``rows``: texts guarded, numbers plain, None an empty cell."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow([guard(cell) if isinstance(cell, str) else "" if cell is None else cell for cell in row])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8")


def decode(data: bytes) -> tuple[str, str]:
    """(text, encoding). Raises ``UserError`` ``table.encoding``."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decoded(data, encoding)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise UserError(
            "table.encoding",
            "文件的文字编码认不出来。",
            "请用 WPS 或 Excel 打开，另存为“Excel 工作簿（.xlsx）”后再导入。",
        ) from error


def read_csv(data: bytes) -> list[list[str]]:
    """The cells, guards removed. The delimiter (comma, tab, semicolon) is told from the first lines.

    Raises ``UserError``: ``table.too_large``, ``table.encoding``, ``table.unreadable``.
    """
    if len(data) > MAX_BYTES:
        raise UserError("table.too_large", "文件过大。", "请分成几个较小的文件导入。")
    text, _ = decode(data)
    if "\0" in text:
        raise UserError("table.unreadable", "文件不是表格。", "请确认选对了文件。")
    delimiter = _delimiter(text)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False):
            cells += len(row)
            if cells > MAX_CELLS or len(rows) > MAX_CELLS or any(len(cell) > MAX_FIELD for cell in row):
                raise UserError("table.too_large", "文件里的格子过多或过长。", "请分成几个较小的文件导入。")
            rows.append([unguard(cell) for cell in row])
    except csv.Error as error:
        raise UserError(
            "table.unreadable",
            f"文件在第 {len(rows) + 1} 行附近读不下去。",
            "请用 WPS 或 Excel 打开，另存为“Excel 工作簿（.xlsx）”后再导入。",
        ) from error
    return rows


def _delimiter(text: str) -> str:
    """The candidate that occurs most often outside quotes in the first 20 lines; a comma when none does."""
    counts = dict.fromkeys(_DELIMITERS, 0)
    quoted = False
    lines = 0
    for sign in text[:20_000]:
        if sign == '"':
            quoted = not quoted
        elif not quoted:
            if sign in counts:
                counts[sign] += 1
            elif sign == "\n":
                lines += 1
                if lines == 20:
                    break
    return max(counts, key=lambda sign: counts[sign])
