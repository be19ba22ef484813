"""One pass over a sheet's XML before the office library reads it: how far it reaches, and what the library drops.

The library makes a dense rectangle from A1 to the last filled cell, whatever the claimed dimension says: two cells
in opposite corners would end the process. It also drops which numbers are percentages and which cells show errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from xzdesk.tables.limits import MAX_CELLS, MAX_COLUMNS, MAX_MARKS, MAX_ROWS, damaged, too_large
from xzdesk.tables.table import a1

Place = tuple[int, int]

_ENCODING: Final = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([^\"']+)[\"']", re.ASCII)
_ESCAPED_ATTRIBUTE: Final = re.compile(rb"<(?:[\w.-]+:)?(?:c|row)\s[^<>]*&")
_DIGITS: Final = "0123456789"
_STRETCH: Final = 256 * 1024


@dataclass(slots=True)
class SheetFacts:
    """Of one sheet. Places are (row, column) from 0."""

    rows: int = 0
    columns: int = 0
    """Up to and with the last filled cell."""
    cells: int = 0
    shared: int = 0
    """Cells that show a shared text."""
    text: int = 0
    """Characters, as far as they were counted (ods; xlsx on demand)."""
    percents: list[Place] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    formulas: list[Place] = field(default_factory=list)
    """Whose result is not a text: empty ones were never computed."""

    @property
    def area(self) -> int:
        return self.rows * self.columns

    def reach(self, row: int, column: int) -> None:
        """Note a filled cell. Raises ``UserError`` ``table.too_large``."""
        if not (0 <= row < MAX_ROWS and 0 <= column < MAX_COLUMNS):
            raise damaged("单元格位置超出表格范围")
        self.cells += 1
        if self.cells > MAX_CELLS:
            raise too_large("里填了字的格子过多")
        self.rows = max(self.rows, row + 1)
        self.columns = max(self.columns, column + 1)


def check_marks(members: Iterable[bytes]) -> None:
    """Bound the time that parsing ``members`` takes, by counting bytes. Raises ``UserError``."""
    marks = 0
    for xml in members:
        marks += xml.count(b"<") + xml.count(b"=")
        if marks > MAX_MARKS:
            raise too_large("里的格子和格式过多")
        # A tag holds no second "<": a long stretch without one is a tag with endless attributes, or endless text.
        if any(xml.find(b"<", place, place + _STRETCH) < 0 for place in range(0, len(xml) - _STRETCH, _STRETCH)):
            raise too_large("里有过长的内容")


def _check_encoding(xml: bytes) -> None:
    """No spreadsheet program writes another encoding than UTF-8."""
    declared = _ENCODING.match(xml[3:] if xml.startswith(b"\xef\xbb\xbf") else xml)
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff") or (declared and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        raise damaged("内部编码不是 UTF-8")


def run(
    xml: bytes,
    start: Callable[[str, list[str]], None],
    characters: Callable[[str], None] | None = None,
    end: Callable[[str], None] | None = None,
    parser: expat.XMLParserType | None = None,
) -> None:
    """Parse, without DTD and entities. Raises ``UserError`` ``table.damaged``."""
    _check_encoding(xml)
    parser = parser or expat.ParserCreate("utf-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = _refuse_doctype
    if characters is not None:
        parser.CharacterDataHandler = characters
    if end is not None:
        parser.EndElementHandler = end
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise damaged("内部结构不对") from error


def _refuse_doctype(*_: object) -> None:
    raise damaged("带有文档类型声明")


class _XlsxScan:
    """Follows the library's own rules for where a cell without a reference stands.

    Called for every tag of 300,000 cells, hence without helpers where a cell is plain.
    """

    __slots__ = (
        "_column", "_columns", "_content", "_filled", "_known", "_lengths", "_next_column", "_next_row",
        "_percent_styles", "_row", "_style", "_type", "facts", "parser",
    )  # fmt: skip

    def __init__(self, percent_styles: Collection[str], shared_lengths: Sequence[int] | None) -> None:
        self.facts = SheetFacts()
        self.parser = expat.ParserCreate("utf-8")
        self._percent_styles = percent_styles
        self._lengths = shared_lengths
        self._row = self._column = self._next_row = self._next_column = 0
        self._style = self._type = ""
        self._filled = True
        self._content: list[str] | None = None
        self._columns: dict[str, int] = {}
        self._known = {"c": "c", "v": "v", "is": "is", "f": "f", "row": "row"}

    def start(self, name: str, attributes: list[str]) -> None:
        local = self._known.get(name)
        if local is None:
            local = self._known[name] = name.rpartition(":")[2]
        if local == "c":
            if self._content is not None:
                self.finish()
            self._cell(attributes)
        elif local == "v" or local == "f" or local == "is":
            self._fill(local)
        elif local == "row":
            self._next_column = 0
            self._next_row += 1
            for place in range(0, len(attributes), 2):
                if attributes[place] == "r":
                    self._next_row = _whole(attributes[place + 1])
            if self._next_row > MAX_ROWS:
                raise damaged("行号超出表格范围")

    def finish(self) -> None:
        """The cell whose content was collected is complete."""
        if self._content is None:
            return
        content, self._content = "".join(self._content).strip(), None
        self.parser.CharacterDataHandler = None
        if self._type == "e":
            self.facts.errors[self._row, self._column] = content[:20]
        elif self._lengths is not None and content.isascii() and content.isdigit():
            index = int(content[:10])
            self.facts.text += self._lengths[index] if index < len(self._lengths) else 0

    def _cell(self, attributes: list[str]) -> None:
        self._row, self._column = self._next_row - 1, self._next_column
        self._style = self._type = ""
        for place in range(0, len(attributes), 2):
            key = attributes[place]
            if key == "r":
                reference = attributes[place + 1]
                letters = reference.rstrip(_DIGITS)
                column = self._columns.get(letters)
                if column is None:
                    column = self._columns[letters] = _column(letters)
                self._column = column
                digits = reference[len(letters) :]
                if not 0 < len(digits) < 8:
                    raise damaged("单元格位置的写法不对")
                self._row = int(digits) - 1
            elif key == "s":
                self._style = attributes[place + 1]
            elif key == "t":
                self._type = attributes[place + 1]
        self._next_column = self._column + 1
        self._filled = False

    def _fill(self, local: str) -> None:
        if not self._filled:
            self._filled = True
            facts = self.facts
            facts.cells += 1
            if self._row >= facts.rows or self._column >= facts.columns or facts.cells > MAX_CELLS:
                facts.cells -= 1
                facts.reach(self._row, self._column)
            if self._type == "s":
                self.facts.shared += 1
            elif self._style in self._percent_styles and self._type in ("", "n"):
                self.facts.percents.append((self._row, self._column))
        if local == "f":
            if self._type != "str":
                self.facts.formulas.append((self._row, self._column))
        elif self._type == "e" or (self._lengths is not None and self._type == "s"):
            self._content = []
            self.parser.CharacterDataHandler = self._content.append


def scan_xlsx(xml: bytes, percent_styles: Collection[str], shared_lengths: Sequence[int] | None = None) -> SheetFacts:
    """Facts of one worksheet; ``shared_lengths`` (characters of each shared text) makes it count ``text`` too.

    Raises ``UserError``: ``table.damaged``, ``table.too_large``.
    """
    if _ESCAPED_ATTRIBUTE.search(xml):
        raise damaged("单元格位置的写法不对")
    scan = _XlsxScan(percent_styles, shared_lengths)
    run(xml, scan.start, parser=scan.parser)
    scan.finish()
    return scan.facts


def _whole(digits: str) -> int:
    if not digits.isascii() or not digits.isdigit() or len(digits) > 7:
        raise damaged("单元格位置的写法不对")
    return int(digits)


def _column(letters: str) -> int:
    number = 0
    if not 1 <= len(letters) <= 3 or not letters.isascii() or not letters.isalpha():
        raise damaged("单元格位置的写法不对")
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def far_cell(facts: SheetFacts) -> str:
    """The corner of the filled rectangle, as ``XFD12``: what a user has to look for."""
    return a1(facts.rows - 1, facts.columns - 1)


class _OdsScan:
    def __init__(self) -> None:
        self.tables: list[SheetFacts] = []
        self._facts = SheetFacts()
        self._row = self._row_repeat = 0
        self._column = 0
        self._cell_repeat = 0

    def start(self, name: str, attributes: list[str]) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._cell(dict(zip(attributes[::2], attributes[1::2], strict=True)))
        elif name == "table:table-row":
            self._row += self._row_repeat
            self._column = 0
            self._row_repeat = self._repeat(attributes, "table:number-rows-repeated", MAX_ROWS)
        elif name == "table:table":
            self._facts = SheetFacts()
            self.tables.append(self._facts)
            self._row = self._row_repeat = 0
        elif name == "text:s":
            self._facts.text += self._repeat(attributes, "text:c", 1000) * self._cell_repeat

    def characters(self, text: str) -> None:
        self._facts.text += len(text) * self._cell_repeat

    def end(self, name: str) -> None:
        if name in ("table:table-cell", "table:covered-table-cell"):
            self._cell_repeat = 0

    def _repeat(self, attributes: list[str], wanted: str, most: int) -> int:
        for key, value in zip(attributes[::2], attributes[1::2], strict=True):
            if key == wanted:
                number = _whole(value)
                if not 1 <= number <= most:
                    raise damaged("重复次数超出表格范围")
                return number
        return 1

    def _cell(self, attributes: dict[str, str]) -> None:
        repeat = 1
        if "table:number-columns-repeated" in attributes:
            repeat = _whole(attributes["table:number-columns-repeated"])
        column, self._column = self._column, self._column + repeat
        kind = attributes.get("office:value-type", "")
        filled = bool(kind) or "table:formula" in attributes or any(key.startswith("office:") for key in attributes)
        if not filled:
            return
        self._cell_repeat = repeat * self._row_repeat
        if self._cell_repeat > MAX_CELLS or self._row + self._row_repeat > MAX_ROWS or self._column > MAX_COLUMNS:
            raise too_large("里填了字的格子过多")
        self._facts.cells += self._cell_repeat - 1
        self._facts.reach(self._row + self._row_repeat - 1, self._column - 1)
        percent, error = kind == "percentage", attributes.get("calcext:value-type") == "error"
        if percent or error:
            for row in range(self._row, self._row + self._row_repeat):
                for place in ((row, column + step) for step in range(repeat)):
                    if error:
                        self._facts.errors[place] = "#错误"
                    else:
                        self._facts.percents.append(place)


def scan_ods(xml: bytes) -> list[SheetFacts]:
    """Facts of every table of an OpenDocument ``content.xml``, in its order.

    Raises ``UserError``: ``table.damaged``, ``table.too_large``.
    """
    scan = _OdsScan()
    run(xml, scan.start, scan.characters, scan.end)
    return scan.tables


def shared_lengths(xml: bytes) -> list[int]:
    """Characters of each shared text of a workbook."""
    lengths: list[int] = []

    def start(name: str, _: list[str]) -> None:
        if name.rpartition(":")[2] == "si":
            lengths.append(0)

    def characters(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    run(xml, start, characters)
    return lengths


def longest_shared(xml: bytes) -> int:
    """A bound, from above, of the longest shared text, without parsing."""
    return max((len(part) for part in re.split(rb"<(?:[\w.-]+:)?si\b", xml)), default=0)
