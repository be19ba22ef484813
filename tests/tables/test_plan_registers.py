"""Sheets of registers: fields of known rows, new rows whole or not at all."""

import datetime as dt
from decimal import Decimal

import pytest
from openpyxl.workbook import Workbook

from tests.tables.conftest import (
    LOWER,
    SECOND,
    TEST,
    UPPER,
    WELL,
    Office,
    after,
    changed,
    codes,
    put,
    put_row,
    sheet_of,
    unchanged,
)
from xzdesk.core.model import RegisterRow
from xzdesk.tables.csv_text import write_csv


def test_changed_fields_and_new_rows(office: Office) -> None:
    def fill(book: Workbook) -> None:
        sheet = sheet_of(book, "供水点")
        sheet["F5"] = "８１户"
        sheet["J6"] = "正常"
        new = ["下溪", None, "@西井", "单户", None, None, "2026.1.5", None, "否", "正常"]
        for column, content in enumerate(new, 1):
            sheet.cell(7, column).value = content
        tests = sheet_of(book, "水质检测")
        for column, content in enumerate(["下溪村", None, "@西井", dt.date(2026, 2, 1), None, None, "是"], 1):
            tests.cell(6, column).value = content

    done = after(office, fill)
    assert done.findings == []
    first, second, new, test = done.rows
    assert (first.id, first.unit, dict(first.fields), first.revision) == (WELL, UPPER, {"households": Decimal(81)}, 4)
    assert first.conversions == ("F5：“８１户”读作 81（全角改半角、去掉单位“户”）",)
    assert (second.id, dict(second.fields)) == (SECOND, {"state": "正常"})
    assert (new.id, new.unit, new.sheet, new.number) == (None, LOWER, "供水点", 7)
    assert dict(new.fields) == {
        "name": "@西井",
        "kind": "单户",
        "built_on": dt.date(2026, 1, 5),
        "standard": "no",
        "state": "正常",
    }
    assert dict(test.fields) == {"well": new.new_id, "sampled_on": dt.date(2026, 2, 1), "passed": "yes"}


def test_a_new_row_is_not_new_the_second_time(office: Office) -> None:
    def fill(book: Workbook) -> None:
        for column, content in enumerate(
            ["下溪村", None, "西井", "单户", None, None, "2026-01-05", None, None, "正常"], 1
        ):
            sheet_of(book, "供水点").cell(7, column).value = content

    data = changed(office.workbook(), fill)
    (new,) = office.plan(data).rows
    office.rows["well"].append(RegisterRow(new.new_id, new.unit, new.fields))
    unchanged(office.plan(data))
    office.rows["well"][-1] = RegisterRow(new.new_id, new.unit, {**new.fields, "state": "停用"})
    done = office.plan(data)
    assert codes(done) == [("import.duplicate_row", "供水点", "A7")]
    assert done.rows == []


GOOD = ["下溪村", None, "西井", "单户", None, None, "2026-01-05", None, None, "正常"]


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([None, *GOOD[1:]], [("import.unknown_unit", "A7")]),
        (["老溪村", *GOOD[1:]], [("import.unknown_unit", "A7")]),
        ([*GOOD[:3], None, *GOOD[4:]], [("import.required", "A7")]),
        ([*GOOD[:6], "明年", *GOOD[7:]], [("date.unreadable", "G7"), ("import.row_held", "A7")]),
        (["下溪村", "eeeeeeee-0000-4000-8000-000000000009", *GOOD[2:]], [("import.unknown_row", "C7")]),
        (["上溪村", None, "0012", *GOOD[3:]], [("import.duplicate_row", "A7")]),
    ],
)
def test_a_new_row_is_taken_whole_or_not_at_all(
    office: Office, cells: list[object], found: list[tuple[str, str]]
) -> None:
    done = after(office, lambda book: put_row(sheet_of(book, "供水点"), 7, cells))
    assert [(code, cell) for code, _, cell in codes(done)] == found
    assert done.rows == []


def test_a_copied_row_is_not_taken_for_the_old_one(office: Office) -> None:
    def copy(book: Workbook) -> None:
        sheet = sheet_of(book, "供水点")
        put_row(sheet, 7, [cell.value for cell in sheet[5]])
        sheet["F7"] = 5

    done = after(office, copy)
    assert codes(done) == [("import.repeated_row", "供水点", "A7")]
    assert done.rows == []


def test_names_sorted_without_their_ids_are_not_taken(office: Office) -> None:
    def sort(book: Workbook) -> None:
        sheet = sheet_of(book, "供水点")
        for column in range(3, 11):
            upper, lower = sheet.cell(5, column).value, sheet.cell(6, column).value
            put(sheet, 5, column, lower)
            put(sheet, 6, column, upper)

    done = after(office, sort)
    assert {code for code, _, _ in codes(done)} == {"import.row_conflict"}
    assert done.rows == []


def test_an_entry_does_not_move_to_another_unit(office: Office) -> None:
    def move(book: Workbook) -> None:
        sheet_of(book, "供水点")["A5"] = "下溪村"

    assert codes(after(office, move)) == [("import.row_moved", "供水点", "A5")]


def test_register_rows_may_be_shuffled_and_headed(office: Office) -> None:
    def bend(book: Workbook) -> None:
        sheet = sheet_of(book, "供水点")
        first, second = ([cell.value for cell in sheet[number]] for number in (5, 6))
        put_row(sheet, 5, second)
        put_row(sheet, 6, first)
        sheet.insert_cols(4)
        sheet.insert_rows(6)
        sheet["C6"] = "以下为集中供水"
        sheet.insert_rows(1)
        put(sheet, 8, 3, "=东井")  # moved cells become formulas here

    unchanged(after(office, bend))


def test_a_register_csv_is_read_by_titles(office: Office) -> None:
    rows = [
        ["所属村", "名称", "类别", "建成日期", "状态", "供水户数（户）", "管护人"],
        ["上溪村", "=东井二", "集中", "2026/3/1", "正常", "30", "-王五"],
    ]
    done = office.plan(write_csv(rows), "供水点.csv")
    (row,) = done.rows
    assert done.findings == []
    assert (row.register, row.unit, row.fields["name"], row.fields["keeper"]) == ("well", UPPER, "=东井二", "-王五")


def test_personal_contents_are_never_told(office: Office) -> None:
    def fill(book: Workbook) -> None:
        sheet_of(book, "供水点")["H5"] = "某某某" * 20
        put_row(sheet_of(book, "供水点"), 7, [*GOOD[:7], " 某某某 ", *GOOD[8:]])

    done = after(office, fill)
    assert "text.too_long" in {code for code, _, _ in codes(done)}
    told = "".join(finding.text() for finding in (*done.findings, *done.notes))
    assert "某某某" not in told + "".join("".join(row.conversions) for row in done.rows)


def test_a_deleted_entry_is_not_brought_back(office: Office) -> None:
    data = office.workbook()
    office.rows["well_test"][0] = RegisterRow(TEST, UPPER, office.rows["well_test"][0].fields, deleted=True)
    assert codes(office.plan(data)) == [("import.unknown_row", "水质检测", "C5")]
