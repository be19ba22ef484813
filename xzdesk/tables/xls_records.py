"""Measures an old .xls (an OLE file with a BIFF stream) before the office library reads it.

The library makes a dense rectangle up to the last cell, and a cell may name any of 65,536 columns; a few bytes would
end the process. Only lengths and positions are read here. Sources: [MS-CFB] 2.2-2.6, [MS-XLS] 2.4, 2.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from xzdesk.tables.limits import MAX_AREA, MAX_CELLS, MAX_TEXT, damaged, too_large

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_FREE: Final = 0xFFFFFFFA
"""Sector numbers from here on mean the end of a chain or no sector."""
_MAX_COLUMNS: Final = 256
_FILE_PASS: Final = 0x2F
_BEGIN: Final = 0x0809
_SHEET: Final = 0x85
_DIMENSION: Final = 0x200
_TEXTS: Final = 0xFC
_CONTINUE: Final = 0x3C
_TEXT_CELL: Final = 0xFD
_MANY_NUMBERS: Final = 0xBD
_CELLS: Final = frozenset({0xFD, 0xBD, 0x203, 0x204, 0x205, 0x27E, 0x06, 0xD6, 0x03, 0x02, 0x04, 0x05})


@dataclass(slots=True)
class XlsFacts:
    """Sums over all sheets; ``area`` of the rectangles from A1 to the last cell."""

    encrypted: bool = False
    area: int = 0
    cells: int = 0
    text: int = 0
    """Characters, a text shared by many cells bounded from above by the longest one."""


def measure(data: bytes) -> XlsFacts:
    """Raises ``UserError`` ``table.damaged``, ``table.too_large``."""
    try:
        names, stream = _workbook_stream(data)
        if "EncryptedPackage" in names:
            return XlsFacts(encrypted=True)
        if stream is None:
            raise damaged("里面没有工作簿")
        return _measure_records(stream)
    except (struct.error, IndexError) as error:
        raise damaged("旧格式结构不对") from error


def _measure_records(stream: bytes) -> XlsFacts:
    facts = XlsFacts()
    texts: list[bytes] = []
    rows = columns = text_cells = 0
    begins: set[int] = set()
    sheets: list[int] = []
    previous = -1
    for place, kind, body in _records(stream):
        if kind == _FILE_PASS:
            return XlsFacts(encrypted=True)
        if kind == _TEXTS or (kind == _CONTINUE and previous == _TEXTS):
            texts.append(body)
            kind = _TEXTS
        elif kind == _BEGIN:
            begins.add(place)
            facts.area += rows * columns
            rows = columns = 0
        elif kind == _SHEET:
            sheets.append(struct.unpack_from("<I", body)[0])
        elif kind == _DIMENSION:
            _check_dimension(body)
        elif kind in _CELLS:
            row, first, last = _place(kind, body)
            rows, columns = max(rows, row + 1), max(columns, last + 1)
            facts.cells += last - first + 1
            text_cells += kind == _TEXT_CELL
            if facts.cells > MAX_CELLS or columns > _MAX_COLUMNS:
                raise too_large("里的格子过多")
        previous = kind
    if len(set(sheets)) != len(sheets) or not begins.issuperset(sheets):
        raise damaged("旧格式结构不对")
    facts.area += rows * columns
    facts.text = len(stream)
    if text_cells * min(sum(map(len, texts)), 65_536) > MAX_TEXT:
        facts.text += text_cells * _longest_text(texts)
    return facts


def _check_dimension(body: bytes) -> None:
    """The library sets memory aside for the rectangle that a sheet claims."""
    first_row, last_row, first, last = struct.unpack_from("<IIHH" if len(body) >= 14 else "<HHHH", body)
    if (last_row - first_row + 1) * (last - first + 1) > MAX_AREA:
        raise too_large("声称的范围过大", "请用 WPS 或 Excel 打开，另存为“Excel 工作簿（.xlsx）”后再导入。")


def _place(kind: int, body: bytes) -> tuple[int, int, int]:
    """(row, first column, last column) of a cell record."""
    row, column = struct.unpack_from("<HH", body)
    last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _MANY_NUMBERS else column
    if last < column:
        raise damaged("旧格式结构不对")
    return row, column, last


def _records(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    place = 0
    while place + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, place)
        yield place, kind, stream[place + 4 : place + 4 + length]
        place += 4 + length


class _Texts:
    """Reads across the records over which the shared texts run on."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts
        self._part = 0
        self._place = 0

    def take(self, count: int) -> bytes:
        taken = b""
        while len(taken) < count:
            if self._place >= len(self._parts[self._part]):
                self._part, self._place = self._part + 1, 0
            piece = self._parts[self._part][self._place : self._place + count - len(taken)]
            self._place += len(piece)
            taken += piece
        return taken

    def skip_characters(self, count: int, wide: bool) -> None:
        """Each record begins anew with a byte that says whether characters are wide."""
        while count:
            left = len(self._parts[self._part]) - self._place
            if left <= 0:
                self._part, self._place = self._part + 1, 0
                wide = bool(self.take(1)[0] & 1)
                continue
            size = 2 if wide else 1
            step = min(count, left // size)
            if step == 0:
                raise damaged("旧格式结构不对")
            self._place += step * size
            count -= step


def _longest_text(parts: list[bytes]) -> int:
    """Characters of the longest shared text."""
    texts = _Texts(parts)
    _, count = struct.unpack("<II", texts.take(8))
    longest = 0
    for _ in range(min(count, MAX_CELLS)):
        length, flags = struct.unpack("<HB", texts.take(3))
        runs = struct.unpack("<H", texts.take(2))[0] if flags & 8 else 0
        extra = struct.unpack("<I", texts.take(4))[0] if flags & 4 else 0
        texts.skip_characters(length, bool(flags & 1))
        texts.take(min(runs * 4 + extra, sum(map(len, parts)) + 1))
        longest = max(longest, length)
    return longest


def _workbook_stream(data: bytes) -> tuple[set[str], bytes | None]:
    """(names of the directory, the stream of the workbook)."""
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or mini_shift != 6:
        raise damaged("旧格式结构不对")
    size = 1 << shift
    table = _allocation(data, size)
    directory = b"".join(_chain(data, struct.unpack_from("<I", data, 48)[0], table, size))
    names: set[str] = set()
    found: tuple[int, int] | None = None
    root = (0, 0)
    for place in range(0, len(directory) - 127, 128):
        entry = directory[place : place + 128]
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, bytes_ = struct.unpack_from("<II", entry, 116)
        name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        if kind == 5:
            root = (start, bytes_)
        elif kind == 2:
            names.add(name)
            if name.lower() in ("workbook", "book") and found is None:
                found = (start, bytes_)
    if found is None:
        return names, None
    if found[1] >= struct.unpack_from("<I", data, 56)[0]:
        return names, b"".join(_chain(data, found[0], table, size))[: found[1]]
    minis = b"".join(_chain(data, root[0], table, size))
    mini_table = _numbers(b"".join(_chain(data, struct.unpack_from("<I", data, 60)[0], table, size)))
    return names, b"".join(_chain(minis, found[0], mini_table, 64, header=0))[: found[1]]


def _allocation(data: bytes, size: int) -> list[int]:
    """The file allocation table, by way of the header's list and its overflow sectors."""
    places = list(struct.unpack_from("<109I", data, 76))
    overflow, count = struct.unpack_from("<II", data, 68)
    per_sector = size // 4
    for _ in range(min(count, len(data) // size)):
        if overflow >= _FREE:
            break
        more = _numbers(_sector(data, overflow, size, size))
        places.extend(more[: per_sector - 1])
        overflow = more[per_sector - 1]
    return [
        number
        for place in places
        if place < _FREE
        for number in _numbers(_sector(data, place, size, size))
    ]  # fmt: skip


def _chain(data: bytes, start: int, table: Sequence[int], size: int, header: int | None = None) -> Iterator[bytes]:
    """The sectors of a stream; a chain longer than the file goes round in circles."""
    left = len(data) // size + 1
    while start < _FREE:
        if left == 0 or start >= len(table):
            raise damaged("旧格式结构不对")
        left -= 1
        yield _sector(data, start, size, size if header is None else header)
        start = table[start]


def _sector(data: bytes, number: int, size: int, header: int) -> bytes:
    place = header + number * size
    if place >= len(data):
        raise damaged("文件不完整")
    return data[place : place + size]


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])
