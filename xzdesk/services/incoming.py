"""What a submission brings, read strictly and compared with what is held; nothing is trusted, nothing written.

A part that is not of the form is refused with the whole package (``UserError``); a row that cannot be taken is set
apart with its cause and stops nothing else. Values stay columns (``Observations``): equal columns cost one comparison.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from xzdesk.core.changes import ChangeKind, kind_of
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, CellState, DataElement, DataValue
from xzdesk.core.observations import Content, Observations, to_content
from xzdesk.core.periods import Period
from xzdesk.exchange import parts as package_parts
from xzdesk.exchange.parts import Part
from xzdesk.store import verdicts
from xzdesk.store.verdicts import Correction, Reason

LARGEST: Final = 10**15
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
        self._periods: dict[tuple[str, str], Period | str] = {}
        self._contents: dict[tuple[str, str, str], Content | str] = {}
        self._seen: set[tuple[str, str, str]] = set()

    def read(self, row: Sequence[str]) -> tuple[str, str, Period, Content] | str:
        """The cell, or in Chinese why the row cannot be taken."""
        element_code, unit, period_text, state, text = row
        pair = (element_code, unit)
        element = self._elements.get(pair)
        if element is None:
            element = self._elements[pair] = self._element(element_code, unit)
        if isinstance(element, str):
            return element
        key = (element_code, unit, period_text)
        period = self._periods.get((element.frequency, period_text))
        if period is None:
            period = self._periods[element.frequency, period_text] = self._period(element, period_text)
        if isinstance(period, str):
            if key not in self._extra:
                return period
            period = Period.parse(period_text)
        if key in self._seen:
            return "同一格出现了两次"
        self._seen.add(key)
        triple = (element_code, state, text)
        if triple not in self._contents:
            self._contents[triple] = _content(element, state, text)
        content = self._contents[triple]
        if isinstance(content, _Refusal):
            return str(content)
        return element_code, unit, period, content

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
    try:
        number = Decimal(text)
    except InvalidOperation:
        return _Refusal("不是数")
    if not number.is_finite() or abs(number) >= LARGEST or f"{number:f}" != text:
        return _Refusal("不是规范的数")
    try:
        return to_content(element, DataValue.of(number))
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
    values = Values()
    for line, row in enumerate(table(part, package_parts.VALUES), 2):
        cell = reader.read(row)
        if isinstance(cell, str):
            values.bad.append(BadRow(part.name, line, tuple(row), cell))
        else:
            values.cells.put(*cell)
            values.count += 1
    return values


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


def read_corrections(catalogue: Catalogue, part: Part | None, units: Collection[str], package: str) -> list[Correction]:
    """The 更正 that a package brings. One of a cell that its sender does not report refuses the package:
    ``UserError`` ``package.correction``, ``correction.unreadable``."""
    if part is None:
        return []
    known = frozenset(units)
    found: list[Correction] = []
    for element, unit, period, before, after, reason, at, by in table(part, package_parts.CORRECTIONS):
        if element not in catalogue.elements or unit not in known or not reason or not at:
            raise UserError(
                "package.correction",
                "数据包里的更正说明指向了不属于上报单位的格，已拒绝。",
                "请让对方核对任务版本后重新上报。",
            )
        ref = CellRef(unit, element, Period.parse(period))
        contents = verdicts.of_content_code(before), verdicts.of_content_code(after)
        found.append(Correction(ref, *contents, reason, at, by, package))
    return found


def read_reasons(part: Part | None, units: Collection[str]) -> list[Reason]:
    """The reasons that the sender gave for its soft findings; those of other units are left out."""
    if part is None:
        return []
    return [
        Reason(fingerprint, rule, unit, Period.parse(period), reason, at, by)
        for fingerprint, rule, unit, period, reason, at, by in table(part, package_parts.FINDINGS)
        if unit in units
    ]


@dataclass(frozen=True, slots=True)
class CellDifference:
    """One cell of the three-way compare: last accepted, incoming, and this office's own edit over it."""

    ref: CellRef
    accepted: Content | None
    incoming: Content | None
    mine: Content | None = None

    edited: bool = False
    """Whether an own edit stands over it; otherwise ``mine`` is None."""

    @property
    def kind(self) -> ChangeKind:
        return kind_of(self.accepted, self.incoming, self.mine if self.edited else self.accepted)


def differences(
    incoming: Observations, held: Observations, scope: Collection[Period], older: Collection[str]
) -> list[CellDifference]:
    """Cells in which ``incoming`` is not ``held``; a cell outside the periods of ``scope`` is never removed.

    Units in ``older`` are passed over: what is held of them is newer than what came.
    """
    found: list[CellDifference] = []
    for element in sorted(incoming.elements() | held.elements()):
        theirs, ours = incoming.columns(element), held.columns(element)
        for unit in sorted((set(theirs) | set(ours)) - set(older)):
            new, old = theirs.get(unit, {}), ours.get(unit, {})
            if new == old:
                continue
            for period in sorted(set(new) | set(old)):
                if new.get(period) != old.get(period) and (period in new or period in scope):
                    ref = CellRef(unit, element, period)
                    found.append(CellDifference(ref, old.get(period), new.get(period)))
    return found
