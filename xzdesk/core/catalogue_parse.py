"""Reading a catalogue's texts cell by cell: every reader notes what is wrong and goes on with a harmless stand-in.

So one load names all faults at once. A catalogue travels in packages and may come from an enemy: sizes are
limited before anything is parsed, numbers are plain digits, names are plain ASCII. What the cells mean for each
other is decided in the ``catalogue_parse_*`` modules beside this one.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import keyword
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from xzdesk.core.errors import UserError

MAX_FILES: Final = 40
MAX_FILE_CHARACTERS: Final = 1_000_000
MAX_TOTAL_CHARACTERS: Final = 3_000_000
MAX_ROWS: Final = 2_000
MAX_CELL: Final = 1_000
MAX_FAULTS: Final = 200
SHOWN_FAULTS: Final = 20
MAX_FAULT_TEXT: Final = 300

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z", re.ASCII)
_INTEGER: Final = re.compile(r"-?[0-9]{1,15}\Z", re.ASCII)
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that is wrong. ``line`` is 1-based; 0 means the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        where = f"{self.file} 第 {self.line} 行" if self.line else self.file
        return f"{where}：{self.text}"


class CatalogueError(UserError):
    """The catalogue cannot be used; ``faults`` names everything that is wrong with it (at most ``MAX_FAULTS``)."""

    def __init__(self, faults: Collection[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        shown = "\n".join(str(fault) for fault in self.faults[:SHOWN_FAULTS])
        rest = len(self.faults) - SHOWN_FAULTS
        more = f"\n……另有 {rest} 处。" if rest > 0 else ""
        super().__init__(
            "catalogue.invalid",
            f"指标目录有 {len(self.faults)} 处错误，没有启用：\n{shown}{more}",
            "请按所列文件和行号改正后重新载入；目录随任务包来的，请联系区专班办公室重发。",
        )


def show(text: str, limit: int = 40) -> str:
    """An excerpt of foreign text that is safe in a message: one line, short, nothing invisible."""
    excerpt = text[:limit]
    if not excerpt.isprintable():
        excerpt = "".join(c if c.isprintable() else "�" for c in excerpt)
    return excerpt + ("…" if len(text) > limit else "")


class Faults:
    """Collects faults; remembers no more than ``MAX_FAULTS``."""

    def __init__(self) -> None:
        self._faults: dict[Fault, None] = {}

    def add(self, file: str, line: int, text: str) -> None:
        if len(self._faults) < MAX_FAULTS:
            self._faults[Fault(file, line, show(text, MAX_FAULT_TEXT))] = None

    def __len__(self) -> int:
        return len(self._faults)

    def raise_if_any(self) -> None:
        """Raises ``CatalogueError``."""
        if self._faults:
            raise CatalogueError(tuple(self._faults))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands, so that a fault found later can still be named. Kept beside each parsed object."""

    faults: Faults
    file: str
    line: int

    def fault(self, text: str) -> None:
        self.faults.add(self.file, self.line, text)


def checked_text(place: Place, what: str, text: str, limit: int = MAX_CELL) -> str:
    """``text``, with a fault where it is too long, padded with blanks, or holds invisible characters."""
    if len(text) > limit:
        place.fault(f"{what}过长（最多 {limit} 字）")
        return text[:limit]
    if text != text.strip():
        place.fault(f"{what}前后有空格")
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for c in text):
        place.fault(f"{what}里有看不见的字符“{show(text)}”")
    return text


def checked_name(place: Place, what: str, text: str) -> str:
    """``text``, with a fault unless it is a code of lower-case letters, digits and underlines.

    Expressions must be able to name it, so words of their grammar are refused too.
    """
    if not _NAME.match(text):
        place.fault(f"{what}“{show(text)}”应为小写英文字母开头，只含小写字母、数字和下划线，最多 40 个字符")
    elif keyword.iskeyword(text):
        place.fault(f"{what}“{text}”是表达式的保留字，请换一个")
    return text


def read_number(place: Place, what: str, text: str, decimals: int = 6) -> Decimal | None:
    """A plain decimal number of at most 15 digits before and ``decimals`` after the point."""
    if not _NUMBER.match(text):
        place.fault(f"{what}“{show(text)}”不是数（整数最多 15 位，小数最多 6 位）")
        return None
    number = Decimal(text)
    if number != round(number, decimals):
        place.fault(f"{what}“{show(text)}”的小数多于 {decimals} 位")
    return number


def read_date(place: Place, what: str, text: str) -> dt.date | None:
    if _DATE.match(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    place.fault(f"{what}“{show(text)}”不是日期，应写成 2023-01-31 的样子")
    return None


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a CSV file, read by column name."""

    place: Place
    cells: Mapping[str, str] = field(repr=False)

    def fault(self, text: str) -> None:
        self.place.fault(text)

    def raw(self, column: str) -> str:
        return self.cells.get(column, "")

    def text(self, column: str, *, required: bool = True, limit: int = MAX_CELL) -> str:
        text = checked_text(self.place, f"{column} ", self.raw(column), limit)
        if required and not text:
            self.fault(f"{column} 没有填")
        return text

    def name(self, column: str) -> str:
        return checked_name(self.place, f"{column} ", self.raw(column))

    def one_of(self, column: str, kind: type[E], default: E) -> E:
        """A word of the enumeration ``kind``; ``default`` stands in after a fault."""
        text = self.raw(column)
        try:
            return kind(text)
        except ValueError:
            self.fault(f"{column} “{show(text)}”应为 {'、'.join(kind)} 之一")
            return default

    def flag(self, column: str) -> bool:
        text = self.raw(column)
        if text not in ("yes", "no"):
            self.fault(f"{column} “{show(text)}”应为 yes 或 no")
        return text == "yes"

    def number(self, column: str, decimals: int = 6) -> Decimal | None:
        """None when the cell is empty."""
        text = self.raw(column)
        return read_number(self.place, f"{column} ", text, decimals) if text else None

    def integer(self, column: str, low: int, high: int) -> int:
        if not self.raw(column):
            self.fault(f"{column} 没有填")
        number = self.integer_or_none(column, low, high)
        return low if number is None else number

    def integer_or_none(self, column: str, low: int, high: int) -> int | None:
        """None when the cell is empty; None, after a fault, when it is not such an integer."""
        text = self.raw(column)
        if not text or (_INTEGER.match(text) and low <= int(text) <= high):
            return int(text) if text else None
        self.fault(f"{column} “{show(text)}”应为 {low} 到 {high} 的整数")
        return None

    def words(self, column: str, separator: str = ";") -> tuple[str, ...]:
        """The parts between semicolons; empty cell: none."""
        text = self.text(column, required=False)
        if not text:
            return ()
        parts = tuple(part.strip() for part in text.split(separator))
        if "" in parts:
            self.fault(f"{column} 里有空的一项")
        if len(set(parts)) < len(parts):
            self.fault(f"{column} 里有重复的一项")
        return tuple(dict.fromkeys(part for part in parts if part))

    def kinds(self, column: str, kind: type[E]) -> frozenset[E]:
        found = set()
        for word in self.words(column):
            try:
                found.add(kind(word))
            except ValueError:
                self.fault(f"{column} 里的“{show(word)}”应为 {'、'.join(kind)} 之一")
        return frozenset(found)


class Codes:
    """Notices what occurs twice in one file."""

    def __init__(self, what: str = "代码") -> None:
        self._what = what
        self._lines: dict[str, int] = {}

    def fresh(self, place: Place, code: str) -> bool:
        """Whether ``code`` is new; a fault at ``place`` if not."""
        first = self._lines.get(code)
        if first is None:
            self._lines[code] = place.line
            return True
        place.fault(f"{self._what}“{show(code)}”与第 {first} 行重复")
        return False


def read_table(
    faults: Faults, files: Mapping[str, str], file: str, columns: tuple[str, ...], rows: int = MAX_ROWS
) -> Iterator[Record]:
    """The lines of a CSV file (RFC 4180) whose header is exactly ``columns``, in that order; at most ``rows``.

    A file that is not there gives no lines; whoever checked the list of files has said so.
    """
    text = files.get(file)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        header = next(reader, [])
        if tuple(header) != columns:
            _header_fault(faults, file, header, columns)
            return
        for count, cells in enumerate(reader):
            line, start = reader.line_num, line + 1
            place = Place(faults, file, start)
            if count >= rows:
                place.fault(f"多于 {rows} 行")
                return
            if not cells:
                place.fault("空行")
            elif len(cells) != len(columns):
                place.fault(f"有 {len(cells)} 格，应有 {len(columns)} 格（内容里有逗号时要加引号）")
            else:
                yield Record(place, dict(zip(columns, cells, strict=True)))
    except csv.Error:
        faults.add(file, max(line, reader.line_num), "CSV 写法不对（引号不配对，或一格过长）")


def _header_fault(faults: Faults, file: str, header: list[str], columns: tuple[str, ...]) -> None:
    missing = [name for name in columns if name not in header]
    unknown = [show(name) for name in header if name not in columns]
    if missing:
        faults.add(file, 1, f"缺少列 {'、'.join(missing)}")
    if unknown:
        faults.add(file, 1, f"不认识的列 {'、'.join(unknown[:10])}")
    if not missing and not unknown:
        faults.add(file, 1, f"列的次序应为 {','.join(columns)}，且不能重复")


def checked_files(faults: Faults, files: Mapping[str, str], required: Collection[str]) -> dict[str, str]:
    """The texts that are safe to parse; faults for missing, unknown, oversized and unencodable ones."""
    for name in required:
        if name not in files:
            faults.add(name, 0, "缺少这个文件")
    if len(files) > MAX_FILES or sum(len(text) for text in files.values()) > MAX_TOTAL_CHARACTERS:
        faults.add("catalogue.toml", 0, f"文件过多或过大（最多 {MAX_FILES} 个，共 {MAX_TOTAL_CHARACTERS} 字）")
        return {}
    usable = {}
    for name, text in files.items():
        if name not in required and not is_register_file(name):
            faults.add(show(name), 0, "不认识的文件")
        elif len(text) > MAX_FILE_CHARACTERS:
            faults.add(name, 0, f"文件过大（最多 {MAX_FILE_CHARACTERS} 字）")
        elif _LONE_SURROGATE.search(text):
            faults.add(name, 0, "文件不是 UTF-8 文字")
        else:
            usable[name] = text
    return usable


def is_register_file(name: str) -> bool:
    """Whether ``name`` is ``registers/<code>.json``."""
    return name.startswith("registers/") and name.endswith(".json") and bool(_NAME.match(name[10:-5]))


def line_of(text: str, pattern: str) -> int:
    """1-based number of the first line in which the regular expression is found; 0 if none."""
    found = re.search(pattern, text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else 0
