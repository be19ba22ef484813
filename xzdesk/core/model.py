"""The nouns of the district's statistics. Immutable, without behaviour that needs a file, a clock or a store.

Numbers are ``Decimal`` everywhere outside the store (which keeps them as integers scaled by the element's
``decimals``), so that no sum depends on binary fractions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from xzdesk.core.periods import Period, PeriodKind

Scalar = Decimal | str | dt.date | bool | None
"""What an expression computes with; ``None`` is unknown. Booleans only arise inside expressions."""

FieldValue = Decimal | str | dt.date | None
"""What a register's field holds; a yes/no field holds the text ``yes`` or ``no``."""

YES, NO = "yes", "no"
YES_NO = (("yes", "是"), ("no", "否"))


class UnitKind(StrEnum):
    DISTRICT = "district"
    TOWN = "town"
    SUBDISTRICT = "subdistrict"
    VILLAGE = "village"
    COMMUNITY = "community"

    @property
    def level(self) -> Level:
        if self is UnitKind.DISTRICT:
            return Level.DISTRICT
        return Level.TOWN if self in (UnitKind.TOWN, UnitKind.SUBDISTRICT) else Level.VILLAGE


class Level(StrEnum):
    """Who fills in. Communities are of the village's level, subdistricts of the town's."""

    DISTRICT = "district"
    TOWN = "town"
    VILLAGE = "village"


@dataclass(frozen=True, slots=True)
class OrgUnit:
    """One office, by its NBS code. ``name`` is today's; the lineage knows the earlier ones."""

    code: str
    name: str
    kind: UnitKind
    parent: str
    """Code of the unit above; empty for the district."""
    level: Level = field(init=False, repr=False, compare=False)
    """That of its kind; kept, because statistics ask for it millions of times."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", self.kind.level)


class UnitEventKind(StrEnum):
    FOUNDED = "founded"
    RENAMED = "renamed"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class UnitEvent:
    """A change of ``unit`` that holds from the first day of month ``since``. Who is not founded was always there."""

    kind: UnitEventKind
    unit: str
    since: Period
    into: str = ""
    """Merged: code of the unit that goes on. Closed: code of the unit that takes over, or empty."""
    name: str = ""
    """Renamed: the name that the unit bore until then (``OrgUnit.name`` is today's)."""


class ElementType(StrEnum):
    INTEGER = "integer"
    DECIMAL = "decimal"
    CHOICE = "choice"
    BOOLEAN = "boolean"


class Measure(StrEnum):
    """时点 or 本期: whether a value says how things stand at the period's end, or what the period added."""

    STOCK = "stock"
    FLOW = "flow"


class Aggregate(StrEnum):
    """How a derived element condenses the register rows that its condition picks."""

    COUNT = "count"
    SUM = "sum"
    ANY = "any"
    """yes when a row is picked, else no."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """How an element is computed from a register: rows of the unit, not deleted, for which ``where`` holds.

    ``where`` is an expression over the register's fields and ``period_start``, ``period_end`` (dates).
    """

    register: str
    aggregate: Aggregate
    where: str
    field: str = ""
    """The summed field, for ``Aggregate.SUM``."""


@dataclass(frozen=True, slots=True)
class DataElement:
    """采集项: one thing recorded for a unit and a period."""

    code: str
    name: str
    unit: str
    type: ElementType
    decimals: int
    """Digits after the point; never changes for a code (a finer element is a new code)."""
    measure: Measure
    level: Level
    frequency: PeriodKind
    track: str
    definition: str
    """口径, as shown to who fills in."""
    choices: tuple[tuple[str, str], ...] = ()
    """(stored value, label) in the order offered; ``YES_NO`` for a boolean."""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    derivation: Derivation | None = None
    baseline: bool = False
    """Whether a 期初数 (recorded under the year before the plan) adds to what registers and months give."""
    cumulative: bool = False
    """Whether a fall against the last period needs a 更正."""
    units: tuple[str, ...] = ()
    """Codes of the only units that are asked; empty: all of the level that ``unit_kinds`` admits."""
    unit_kinds: frozenset[UnitKind] = frozenset()
    required: bool = True

    @property
    def numeric(self) -> bool:
        return self.type in (ElementType.INTEGER, ElementType.DECIMAL)

    def asks(self, unit: OrgUnit) -> bool:
        """Whether ``unit`` fills this element in at all."""
        if unit.level is not self.level or (self.units and unit.code not in self.units):
            return False
        return not self.unit_kinds or unit.kind in self.unit_kinds


class CellState(StrEnum):
    """What stands in a cell. No ``DataValue`` at all means 未填; zero is a value."""

    VALUE = "value"
    NOT_APPLICABLE = "na"
    NOT_STARTED = "none"


@dataclass(frozen=True, slots=True, order=True)
class CellRef:
    """The place of one value: unit code, element code, period."""

    unit: str
    element: str
    period: Period


@dataclass(frozen=True, slots=True)
class DataValue:
    """The content of a cell: a number, a choice, or a stated absence."""

    state: CellState
    number: Decimal | None = None
    choice: str | None = None

    @staticmethod
    def of(content: Decimal | int | str) -> DataValue:
        if isinstance(content, str):
            return DataValue(CellState.VALUE, choice=content)
        return DataValue(CellState.VALUE, number=Decimal(content))

    @property
    def content(self) -> Decimal | str | None:
        return self.number if self.number is not None else self.choice


NOT_APPLICABLE = DataValue(CellState.NOT_APPLICABLE)
NOT_STARTED = DataValue(CellState.NOT_STARTED)

Values = Mapping[CellRef, DataValue]


class FieldType(StrEnum):
    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "number"
    DATE = "date"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class RegisterField:
    """One column of a register, as its Table Schema says."""

    name: str
    title: str
    type: FieldType
    description: str = ""
    unit: str = ""
    decimals: int = 0
    choices: tuple[str, ...] = ()
    required: bool = False
    minimum: Decimal | dt.date | None = None
    maximum: Decimal | dt.date | None = None
    max_length: int = 200
    personal: bool = False
    """Personal data: never in a log, an exception text or a plain file that the user did not ask for."""
    references: str = ""
    """Code of the register whose row id this field holds."""
    hidden: bool = False
    """Gone from the schema of the newest catalogue; kept, not shown."""


@dataclass(frozen=True, slots=True)
class RegisterSchema:
    """台账: what one row of a register holds besides ``id``, ``unit``, ``deleted`` and ``revision``."""

    code: str
    title: str
    fields: tuple[RegisterField, ...]
    duplicate_key: tuple[str, ...] = ()
    """Fields that together should not occur twice in one unit."""
    label: tuple[str, ...] = ()
    """Fields that name a row for its keeper in the program (may be personal; never logged)."""

    def field(self, name: str) -> RegisterField:
        """Raises ``KeyError``."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One entry; the ``id`` (a random UUID, 36 characters) is never used again, deletion is a mark."""

    id: str
    unit: str
    fields: Mapping[str, FieldValue]
    deleted: bool = False
    revision: int = 1
    """Rises by one with every stored change."""


@dataclass(frozen=True, slots=True, order=True)
class RowRef:
    register: str
    row: str


class Severity(StrEnum):
    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class Rule:
    """审核规则: ``expression`` must hold wherever everything it reads is known.

    A rule reads either the values of a unit of ``level`` in a period of ``frequency``, or the rows of
    ``register``. ``marks`` are the elements or fields at which a finding is shown, the first one foremost.
    """

    code: str
    severity: Severity
    expression: str
    marks: tuple[str, ...]
    message: str
    """Chinese, with ``{name}`` for the value of an element or field that is read (never a personal one)."""
    hint: str
    level: Level | None = None
    frequency: PeriodKind | None = None
    register: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that does not hold at one place."""

    rule: str
    severity: Severity
    unit: str
    period: Period
    place: CellRef | RowRef
    field: str
    """Element code or register field that is marked."""
    message: str
    hint: str
    fingerprint: str
    """SHA-256 over rule, place and the values read: a reason given for it lapses when a value changes."""


class FormulaKind(StrEnum):
    SUM_LATEST = "sum_latest"
    SUM_IN_YEAR = "sum_in_year"
    SUM_TO_DATE = "sum_to_date"
    SHARE_MEETING = "share_meeting"
    COUNT_MEETING = "count_meeting"
    RATIO = "ratio"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Indicator:
    """指标: one row, or half of a composite row, of the plan's annex."""

    code: str
    annex_number: int | None
    name: str
    unit: str
    kind: FormulaKind
    elements: tuple[str, ...]
    """Summed (sum_*, several add up); met or not (share, count); numerator (ratio); read (reported)."""
    denominators: tuple[str, ...]
    """Ratio only."""
    condition: str
    """Share and count: an expression over ``elements`` for one unit, e.g. ``ytd(income) >= 100``."""
    scope_kinds: frozenset[UnitKind]
    scope_units: tuple[str, ...]
    """Only these units count, where the plan names them."""
    scale: Fraction
    """Multiplies the formula's figure into ``unit`` (100 for %, 1/10000 for 万元 to 亿元)."""
    decimals: int
    level: Level
    frequency: PeriodKind
    higher_is_better: bool
    annual: bool
    """The target is for each year by itself (no carry-over from year to year)."""
    track: str
    lead: str
    responsible: tuple[str, ...]
    definition: str
    compare_element: str = ""
    """Text target, row 3: met when the value >= this element - ``tolerance``."""
    tolerance: Decimal = Decimal(0)
    limit: Decimal | None = None
    """Text target, row 4: met when the value is at most (lower is better) or at least this."""


@dataclass(frozen=True, slots=True)
class Target:
    """目标: of an indicator for a unit and a year; ``value`` is None for "-" and for text targets."""

    indicator: str
    unit: str
    year: int
    value: Decimal | None
    text: str
    """As printed in the plan: ``89%``, ``30``, ``与经济增长基本同步``, ``-``."""


@dataclass(frozen=True, slots=True)
class BodyGoal:
    """A goal of the plan's text and how it stands to the annex (``relation`` as in plan_body.csv)."""

    section: str
    goal: str
    value: str
    unit: str
    by: str
    annex_number: int | None
    relation: str


@dataclass(frozen=True, slots=True)
class AnnexRow:
    """One row of the published annex, character for character."""

    number: int
    category: str
    track: str
    task: str
    unit: str
    targets: tuple[str, ...]
    """One for each of the catalogue's ``target_years``."""
    responsible_units: str


@dataclass(frozen=True, slots=True)
class RankingRules:
    """How towns are scored; published with every ranking."""

    weights: Mapping[str, Decimal]
    """Points of the parts ``progress`` ``increment`` ``quality`` ``timeliness``; they add up to 100."""
    indicator_weights: Mapping[str, Decimal]
    """Relative weight of each scored indicator; one that is not named is not scored."""
    small_denominator: int
    """A share over fewer units than this counts with the district's share mixed in (see ranking.py)."""
    red_flags: int
    snails: int


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything about one district that is data: replaced as a whole, never edited in place."""

    id: str
    title: str
    version: int
    plan_title: str
    baseline_year: int
    """期初数 are recorded under this year (the plan's first year less one)."""
    first_year: int
    last_year: int
    target_years: tuple[int, ...]
    """Years for which the plan publishes targets."""
    due_day: int
    """Day of the following month by which a month is handed in."""
    units: Mapping[str, OrgUnit]
    events: tuple[UnitEvent, ...]
    tracks: tuple[str, ...]
    elements: Mapping[str, DataElement]
    registers: Mapping[str, RegisterSchema]
    rules: tuple[Rule, ...]
    indicators: Mapping[str, Indicator]
    targets: tuple[Target, ...]
    body_goals: tuple[BodyGoal, ...]
    annex: tuple[AnnexRow, ...]
    ranking: RankingRules
    settings: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """The source texts by file name: what is stored, carried in packages and hashed."""
    digest: str = ""
    """SHA-256, hex, of the canonical JSON of ``files``."""

    @property
    def district(self) -> OrgUnit:
        return next(unit for unit in self.units.values() if unit.kind is UnitKind.DISTRICT)

    def children(self, code: str) -> tuple[OrgUnit, ...]:
        return tuple(unit for unit in self.units.values() if unit.parent == code)

    def elements_of(self, level: Level, frequency: PeriodKind) -> tuple[DataElement, ...]:
        """报表: what a level fills in for one kind of period, in the catalogue's order."""
        return tuple(e for e in self.elements.values() if e.level is level and e.frequency is frequency)
