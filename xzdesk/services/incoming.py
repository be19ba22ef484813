"""What a submission brings, read strictly and compared with what is held; nothing is trusted, nothing written.

A part that is not of the form is refused with the whole package (``UserError``); a row that cannot be taken is set
apart with its cause and stops nothing else. Values stay columns (``Observations``): equal columns cost one comparison.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, CellState, DataElement, DataValue
from xzdesk.core.observations import Content, Observations, to_content
from xzdesk.core.periods import Period
from xzdesk.exchange import parts as package_parts
from xzdesk.exchange.parts import Part
from xzdesk.store import verdicts
from xzdesk.store.verdicts import Correction, Reason

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?", re.ASCII)
"""Looked at before a number is made of it: a Decimal of ten characters may take a gigabyte to write out."""
_INSTANT: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
VALUES_PART: Final = "values.csv"
CORRECTIONS_PART: Final = "corrections.csv"
FINDINGS_PART: Final = "findings.csv"
ATTACHMENTS_PART: Final = "attachments.csv"
RETURNED_PART: Final = "returned.csv"
REGISTER_PREFIX: Final = "register_"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a part that was set apart. ``content`` may be personal: it is stored, never shown in a message."""

    part: str
    line: int
    content: tuple[str, ...] = field(repr=False)
    cause: str


@dataclass(slots=True)
class Values:
    """The value part of a submission."""

    cells: Observations = field(default_factory=Observations)
    count: int = 0
    bad: list[BadRow] = field(default_factory=list)


class _ValueReader:
    """Reads value rows; what repeats (element and unit, period, content) is judged once."""

    def __init__(
        self, catalogue: Catalogue, units: Collection[str], years: range, until: Period, extra: Collection[CellRef]
    ) -> None:
        self._catalogue = catalogue
        self._units = frozenset(units)
        self._years = years
        self._until = until
        self._extra = frozenset((ref.element, ref.unit, str(ref.period)) for ref in extra)
        self._elements: dict[tuple[str, str], DataElement | str] = {}
        self._periods: dict[tuple[str, bool, str], Period | str] = {}
        self._contents: dict[tuple[str, str, str], Content | str] = {}
        self._columns: dict[tuple[str, str], dict[Period, Content]] = {}
        self._spoilt: set[tuple[str, str, Period]] = set()
        """Cells whose row was refused: another row of the same cell is none the better."""

    def read(self, row: Sequence[str]) -> str:
        """Put the row's cell among ``cells``; in Chinese why it cannot be taken, or nothing."""
        code, unit, period_text, state, text = row
        place = self.place(code, unit, period_text)
        if isinstance(place, str):
            if (code, unit, period_text) not in self._extra:
                return place
            place = self._catalogue.elements[code], Period.parse(period_text)
        element, period = place
        column = self._columns.get((code, unit))
        if column is None:
            column = self._columns[code, unit] = {}
        if period in column or (self._spoilt and (code, unit, period) in self._spoilt):
            return "同一格出现了两次"
        content = self._contents.get((code, state, text))
        if content is None:
            content = self._contents[code, state, text] = _content(element, state, text)
        if content.__class__ is _Refusal:
            self._spoilt.add((code, unit, period))
            return str(content)
        column[period] = content
        return ""

    def cells(self) -> Observations:
        """All that has been read and taken."""
        cells = Observations()
        for (code, unit), column in self._columns.items():
            if column:
                cells.put_column(code, unit, column)
        return cells

    def place(self, code: str, unit: str, period_text: str) -> tuple[DataElement, Period] | str:
        """What a cell's codes name, or in Chinese why it is no cell of the sender's scope."""
        pair = (code, unit)
        element = self._elements.get(pair)
        if element is None:
            element = self._elements[pair] = self._element(code, unit)
        if isinstance(element, str):
            return element
        # 期初数 are asked element by element.
        asked = (element.frequency, element.baseline, period_text)
        period = self._periods.get(asked)
        if period is None:
            period = self._periods[asked] = self._period(element, period_text)
        return period if isinstance(period, str) else (element, period)

    def _element(self, code: str, unit: str) -> DataElement | str:
        element, office = self._catalogue.elements.get(code), self._catalogue.units.get(unit)
        if element is None:
            return "本机的指标目录里没有这个采集项"
        if office is None or unit not in self._units:
            return "这个单位不由上报单位填报"
        return element if element.asks(office) else "这个采集项不由该单位填报"

    def _period(self, element: DataElement, text: str) -> Period | str:
        baseline = Period.of_year(self._catalogue.baseline_year)
        try:
            period = Period.parse(text)
        except UserError:
            return "期别写法不对"
        if period is baseline and element.baseline:
            return period
        if period.kind is not element.frequency:
            return "期别与采集项不符"
        if period.year not in self._years:
            return "不在本次上报的年度内"
        return period if period.last_month <= self._until.last_month else "晚于本次上报的月份"


class _Refusal(str):
    """Why a content cannot be taken, told apart from a choice, which is a text too."""


def _content(element: DataElement, state: str, text: str) -> Content | _Refusal:
    if state in (CellState.NOT_APPLICABLE, CellState.NOT_STARTED):
        return CellState(state) if not text else _Refusal("不适用、未开展的格里又有内容")
    if state != CellState.VALUE:
        return _Refusal("状态不认识")
    if not element.numeric:
        return text if text in dict(element.choices) else _Refusal("不是可选的内容")
    if not _NUMBER.fullmatch(text):
        return _Refusal("不是规范的数")
    try:
        return to_content(element, DataValue.of(Decimal(text)))
    except ValueError:
        return _Refusal("小数位数过多")


def read_values(
    catalogue: Catalogue, part: Part, units: Collection[str], until: Period, corrected: Collection[CellRef] = ()
) -> Values:
    """The cells of a submission of ``units`` up to ``until``; ``corrected`` may lie in earlier years.

    Raises ``UserError`` ``package.csv_*`` when the part as a whole is not of the form.
    """
    return _read(_ValueReader(catalogue, units, range(until.year, until.year + 1), until, corrected), part)


def read_everything(catalogue: Catalogue, part: Part, units: Collection[str]) -> Values:
    """The cells of ``units`` of all the plan's years. Raises as ``read_values``."""
    years = range(catalogue.first_year, catalogue.last_year + 1)
    return _read(_ValueReader(catalogue, units, years, Period.month(catalogue.last_year, 12), ()), part)


def _read(reader: _ValueReader, part: Part) -> Values:
    rows = table(part, package_parts.VALUES)
    causes = [reader.read(row) for row in rows]
    bad = [
        BadRow(part.name, line, tuple(row), cause)
        for line, (row, cause) in enumerate(zip(rows, causes, strict=True), 2)
        if cause
    ]
    return Values(reader.cells(), len(rows) - len(bad), bad)


def table(part: Part, header: Sequence[str]) -> list[list[str]]:
    """The rows of a part that must have exactly this header. Raises ``UserError`` ``package.csv_header``."""
    found, rows = package_parts.read_csv(part)
    if found != tuple(header):
        raise UserError(
            "package.csv_header",
            f"数据包里“{part.name}”的表头与本机程序不一致。",
            "请核对两边程序的版本，升级较旧的一边后重新上报。",
        )
    return rows


def read_corrections(
    catalogue: Catalogue, part: Part | None, units: Collection[str], until: Period, package: str
) -> tuple[list[Correction], list[BadRow]]:
    """The 更正 that a package brings, of cells of ``units`` in the plan's years up to ``until``, and the rows that are
    none. Raises ``UserError`` ``package.csv_*`` when the part as a whole is not of the form."""
    found: list[Correction] = []
    bad: list[BadRow] = []
    if part is None:
        return found, bad
    reader = _ValueReader(catalogue, units, range(catalogue.first_year, until.year + 1), until, ())
    for line, row in enumerate(table(part, package_parts.CORRECTIONS), 2):
        correction = _correction(reader, row, package)
        if isinstance(correction, str):
            bad.append(BadRow(part.name, line, tuple(row), correction))
        else:
            found.append(correction)
    return found, bad


def _correction(reader: _ValueReader, row: Sequence[str], package: str) -> Correction | str:
    """The 更正, or in Chinese why the row is none."""
    code, unit, period_text, before, after, reason, at, by = row
    place = reader.place(code, unit, period_text)
    if isinstance(place, str):
        return place
    element, period = place
    if not reason or not _INSTANT.fullmatch(at):
        return "更正没有理由或时间"
    try:
        contents = verdicts.of_content_code(before), verdicts.of_content_code(after)
    except UserError:
        return "更正的内容认不出来"
    if not all(content is None or _suits(element, content) for content in contents):
        return "更正的内容与采集项不符"
    return Correction(CellRef(unit, code, period), *contents, reason, at, by, package)


def _suits(element: DataElement, value: DataValue) -> bool:
    """Whether the content may stand in a cell of ``element``."""
    if value.state is not CellState.VALUE:
        return True
    text = value.choice if value.number is None else f"{value.number:f}"
    return element.numeric is (value.number is not None) and not isinstance(
        _content(element, CellState.VALUE, text or ""), _Refusal
    )


def read_reasons(part: Part | None, units: Collection[str]) -> list[Reason]:
    """The reasons that the sender gave for its soft findings; what is no finding of ``units`` is left out.

    Raises ``UserError`` ``package.csv_*``, ``period.unreadable``.
    """
    if part is None:
        return []
    return [
        Reason(fingerprint, rule, unit, Period.parse(period), reason, at, by)
        for fingerprint, rule, unit, period, reason, at, by in table(part, package_parts.FINDINGS)
        if unit in units and _FINGERPRINT.fullmatch(fingerprint)
    ]
