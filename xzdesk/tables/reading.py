"""What the readers of sheets share: what the office expects, and where they put what they find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from xzdesk.core.model import Catalogue, CellRef, DataElement, DataValue, OrgUnit, RegisterRow, Values
from xzdesk.core.periods import Period
from xzdesk.tables.layout import Grid, baseline_grids, grids
from xzdesk.tables.name_match import Names, unit_names
from xzdesk.tables.table import CellChange, Plan, Problem, Sheet, TableFinding

MAX_FINDINGS = 2_000
MAX_NOTES = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One filled cell of a report."""

    sheet: str
    cell: str
    value: DataValue
    original: str
    conversions: tuple[str, ...]


@dataclass(slots=True)
class Import:
    """One dry run. Readers add entries and findings; ``finish_cells`` turns entries into changes."""

    catalogue: Catalogue
    units: Mapping[str, OrgUnit]
    period: Period
    known: Values
    known_rows: Mapping[str, Sequence[RegisterRow]]
    plan: Plan = field(default_factory=Plan)
    unchanged: int = 0
    expected: set[str] = field(default_factory=set)
    """Codes of the units whose lines the file should show."""
    shown: dict[str, str] = field(default_factory=dict)
    """Computed figures as the file was given out with, by ``layout.shown_key``."""
    entries: defaultdict[CellRef, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    due: list[Grid] = field(init=False)
    baselines: list[Grid] = field(init=False)
    names: Names[str] = field(init=False)

    def __post_init__(self) -> None:
        units = list(self.units.values())
        self.expected = set(self.units)
        self.due = grids(self.catalogue, units, self.period)
        self.baselines = baseline_grids(self.catalogue, units)
        self.names = unit_names(units)

    def find(self, sheet: Sheet, cell: str, code: str, message: str, hint: str) -> None:
        """Add a finding; beyond ``MAX_FINDINGS`` the file as a whole is wrong, and more would help nobody."""
        if len(self.plan.findings) < MAX_FINDINGS:
            self.plan.findings.append(TableFinding(sheet.name, cell, code, message, hint))
        elif len(self.plan.findings) == MAX_FINDINGS:
            message = f"读不出的地方超过 {MAX_FINDINGS} 处，其余没有列出，也没有读取。"
            self.plan.findings.append(TableFinding("", "", "import.too_many", message, "请核对文件是否选对。"))

    def problem(self, sheet: Sheet, cell: str, what: str, problem: Problem) -> None:
        """A content that cannot be taken; ``what`` names unit and element or field."""
        self.find(sheet, cell, problem.code, f"{what}：{problem.message}", problem.hint)

    def note(self, sheet: Sheet, cell: str, message: str) -> None:
        if len(self.plan.notes) < MAX_NOTES:
            self.plan.notes.append(TableFinding(sheet.name, cell, "import.note", message, ""))

    def add(self, ref: CellRef, entry: Entry) -> None:
        self.entries[ref].append(entry)

    def finish_cells(self) -> None:
        """Cells that stand in several places must say the same there."""
        for ref, entries in self.entries.items():
            first = entries[0]
            others = [entry for entry in entries if entry.value != first.value]
            for entry in others:
                name = self.what(ref)
                other = f"“{first.sheet}”表 {first.cell}"
                self.find(
                    Sheet(entry.sheet, []),
                    entry.cell,
                    "import.contradiction",
                    f"{name}：与{other} 填的不一样，两处都没有读取。",
                    "请只留一处，或改成一样。",
                )
            if others:
                continue
            before = self.known.get(ref)
            if before == first.value:
                self.unchanged += 1
                continue
            self.plan.cells.append(
                CellChange(
                    first.sheet, first.cell, ref, first.value, first.original, first.conversions, before
                )
            )  # fmt: skip

    def what(self, ref: CellRef) -> str:
        """Unit and element, as a message begins."""
        return f"{self.unit_name(ref.unit)} {self.catalogue.elements[ref.element].name}"

    def unit_name(self, code: str) -> str:
        return self.units[code].name if code in self.units else code

    def unit_words(self) -> set[str]:
        """Units of measurement that occur in the catalogue, and those that are mistaken for them."""
        words = {element.unit for element in self.catalogue.elements.values() if element.unit}
        words |= {f.unit for schema in self.catalogue.registers.values() for f in schema.fields if f.unit}
        scaled = {word.removeprefix("万").removeprefix("亿") for word in words} - {""}
        return words | scaled | {scale + word for word in scaled for scale in ("万", "亿")}


def element_of(elements: Iterable[DataElement], unit: OrgUnit) -> DataElement | None:
    """The only one of ``elements`` that ``unit`` fills in; None when none or several do."""
    asked = [element for element in elements if element.asks(unit)]
    return asked[0] if len(asked) == 1 else None
