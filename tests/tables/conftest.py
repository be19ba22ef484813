"""A town of the tiny catalogue with some values and entries, its workbook, and ways to change that as people do."""

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from xzdesk.core.model import (
    NOT_APPLICABLE,
    NOT_STARTED,
    Catalogue,
    CellRef,
    DataValue,
    OrgUnit,
    RegisterRow,
)
from xzdesk.core.periods import Period
from xzdesk.tables.plan_import import plan
from xzdesk.tables.reader import read_table
from xzdesk.tables.table import Plan
from xzdesk.tables.workbook_out import Contents, write_workbook

TOWN = "990101101"
UPPER, LOWER, STONE = "990101101201", "990101101202", "990101101203"
SCHOOL = "990101101001"
DECEMBER, QUARTER, YEAR = Period.month(2026, 12), Period.quarter(2026, 4), Period.of_year(2026)
WELL, SECOND = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
TEST = "cccccccc-0000-4000-8000-000000000003"


class Office:
    """The town, what it knows, and the import of a file into it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        town = catalogue.units[TOWN]
        self.units: tuple[OrgUnit, ...] = (
            town,
            *(unit for unit in catalogue.children(TOWN) if unit.code != "990101101204"),
        )
        self.values: dict[CellRef, DataValue] = {
            CellRef(UPPER, "households", DECEMBER): DataValue.of(598),
            CellRef(LOWER, "households", DECEMBER): DataValue.of(1402),
            CellRef(STONE, "households", DECEMBER): DataValue.of(0),
            CellRef(SCHOOL, "households", DECEMBER): NOT_APPLICABLE,
            CellRef(UPPER, "trainees", DECEMBER): NOT_STARTED,
            CellRef(UPPER, "clean_village", DECEMBER): DataValue.of("yes"),
            CellRef(UPPER, "grade", DECEMBER): DataValue.of("AA"),
            CellRef(UPPER, "wells", DECEMBER): DataValue.of(1),
            CellRef(UPPER, "income", QUARTER): DataValue.of(Decimal("123.45")),
            CellRef(LOWER, "income", QUARTER): DataValue.of(Decimal("-7.5")),
            CellRef(TOWN, "factories", DECEMBER): DataValue.of(3),
            CellRef(TOWN, "factories", Period.month(2026, 11)): DataValue.of(2),
            CellRef(TOWN, "brand_town", YEAR): DataValue.of("no"),
        }
        self.rows: dict[str, list[RegisterRow]] = {
            "well": [
                RegisterRow(
                    WELL,
                    UPPER,
                    {
                        "name": "=东井",
                        "kind": "集中",
                        "capacity": Decimal("12.5"),
                        "households": Decimal(80),
                        "built_on": dt.date(2025, 3, 5),
                        "keeper": "+李四",
                        "standard": "yes",
                        "state": "正常",
                        "old_number": "007",
                    },
                    revision=4,
                ),
                RegisterRow(
                    SECOND,
                    UPPER,
                    {"name": "0012", "kind": "单户", "built_on": dt.date(2024, 1, 1), "state": "停用"},
                ),
            ],
            "well_test": [
                RegisterRow(TEST, UPPER, {"well": WELL, "sampled_on": dt.date(2026, 5, 1), "passed": "no"}),
            ],
        }

    def workbook(self, period: Period = DECEMBER) -> bytes:
        town = self.units[0]
        return write_workbook(self.catalogue, Contents(town, self.units, period, self.values, self.rows, True))

    def plan(self, data: bytes, name: str = "表.xlsx", period: Period = DECEMBER) -> Plan:
        ids = (f"dddddddd-0000-4000-8000-{number:012}" for number in range(1000))
        return plan(
            read_table(data, name), self.catalogue, self.units, period, self.values, self.rows, lambda: next(ids)
        )


@pytest.fixture
def office(tiny: Catalogue) -> Office:
    return Office(tiny)


def changed(data: bytes, change: Callable[[Workbook], None]) -> bytes:
    """The workbook as someone saved it after a change."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def sheet_of(book: Workbook, name: str) -> Worksheet:
    sheet = book[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def after(office: Office, change: Callable[[Workbook], None]) -> Plan:
    return office.plan(changed(office.workbook(), change))


def values(done: Plan) -> dict[tuple[str, str], DataValue]:
    return {(change.ref.unit, change.ref.element): change.value for change in done.cells}


def codes(done: Plan) -> list[tuple[str, str, str]]:
    return [(finding.code, finding.sheet, finding.cell) for finding in done.findings]


def unchanged(done: Plan) -> None:
    assert (done.cells, done.rows, done.findings) == ([], [], [])


def put_row(sheet: Worksheet, number: int, cells: list[object]) -> None:
    for column, content in enumerate(cells, 1):
        put(sheet, number, column, content)


def put(sheet: Worksheet, row: int, column: int, content: object) -> None:
    """As typed with an apostrophe in front: this library would take ``=东井`` for a formula."""
    cell = sheet.cell(row, column)
    cell.value = content
    if isinstance(content, str):
        cell.data_type = "s"
