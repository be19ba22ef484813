"""A filled workbook comes back: the right value whatever was done to the sheet, or a finding with sheet and cell."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from openpyxl.workbook import Workbook

from tests.tables.conftest import (
    DECEMBER,
    LOWER,
    QUARTER,
    STONE,
    TOWN,
    UPPER,
    Office,
    after,
    changed,
    codes,
    sheet_of,
    unchanged,
    values,
)
from xzdesk.core.errors import UserError
from xzdesk.core.model import NOT_APPLICABLE, NOT_STARTED, Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period


def test_a_filled_workbook_read_again_changes_nothing(office: Office) -> None:
    done = office.plan(office.workbook())
    unchanged(done)
    # 11 typed cells of the month, quarter and year (the computed one and last month's do not count) and 3 rows
    assert done.unchanged == 11 + 3


def test_saving_with_another_program_changes_nothing(office: Office) -> None:
    unchanged(after(office, lambda book: None))


def test_a_typed_value_is_a_change_with_place_and_conversion(office: Office) -> None:
    def fill(book: Workbook) -> None:
        sheet_of(book, "村月报")["C7"] = "１，４０３户"

    (change,) = after(office, fill).cells
    assert (change.sheet, change.cell, change.ref) == ("村月报", "C7", CellRef(LOWER, "households", DECEMBER))
    assert (change.value, change.before) == (DataValue.of(1403), DataValue.of(1402))
    assert change.original == "１，４０３户"
    assert change.conversions == ("“１，４０３户”读作 1403（全角改半角、去掉千分位、去掉单位“户”）",)


def test_an_emptied_cell_says_nothing(office: Office) -> None:
    def empty(book: Workbook) -> None:
        sheet_of(book, "村月报")["C7"] = None

    unchanged(after(office, empty))


def test_absences_and_choices_are_read(office: Office) -> None:
    def fill(book: Workbook) -> None:
        sheet = sheet_of(book, "村月报")
        sheet["C7"], sheet["C8"], sheet["L7"], sheet["K7"] = "/", "——", "a级", "√"

    assert values(after(office, fill)) == {
        (LOWER, "households"): NOT_APPLICABLE,
        (STONE, "households"): NOT_STARTED,
        (LOWER, "grade"): DataValue.of("A"),
        (LOWER, "clean_village"): DataValue.of("yes"),
    }


def test_forms_baselines_quarters_and_years_land_in_their_periods(office: Office) -> None:
    def fill(book: Workbook) -> None:
        sheet_of(book, "镇月报")["D4"] = 4
        sheet_of(book, "镇年报")["D4"] = "是"
        sheet_of(book, "村季报")["D5"] = 5000.5
        sheet_of(book, "村期初数")["C6"] = 7

    assert {change.ref: change.value for change in after(office, fill).cells} == {
        CellRef(TOWN, "factories", DECEMBER): DataValue.of(4),
        CellRef(TOWN, "brand_town", Period.of_year(2026)): DataValue.of("yes"),
        CellRef(UPPER, "assets", QUARTER): DataValue.of(Decimal("5000.5")),
        CellRef(UPPER, "wells", Period.of_year(2023)): DataValue.of(7),
    }


@pytest.mark.parametrize(
    ("sheet", "cell", "content", "code"),
    [
        ("村月报", "C7", "不少", "number.unreadable"),
        ("村月报", "C7", "12亩", "number.wrong_unit"),
        ("村月报", "C7", 5001, "number.out_of_range"),
        ("村月报", "C7", 1.5, "number.not_whole"),
        ("村月报", "C7", dt.datetime(2026, 12, 1), "number.other_type"),
        ("村月报", "C7", "=1/0", "content.broken"),
        ("村月报", "L7", "5A", "choice.unknown"),
        ("村月报", "D7", 9, "import.derived"),
        ("村月报", "L5", "A级", "import.not_asked"),
        ("村季报", "C5", "2.5万", "number.ambiguous_scale"),
        ("供水点", "E5", "很多", "number.unreadable"),
        ("供水点", "G5", "2025年3月", "date.incomplete"),
        ("水质检测", "C5", "西井", "import.reference"),
    ],
)
def test_what_cannot_be_taken_is_a_finding_with_its_place(
    office: Office, sheet: str, cell: str, content: object, code: str
) -> None:
    def fill(book: Workbook) -> None:
        sheet_of(book, sheet)[cell] = content

    done = after(office, fill)
    assert codes(done) == [(code, sheet, cell)]
    assert (done.cells, done.rows) == ([], [])
    assert f"“{sheet}”表 {cell}：" in done.findings[0].text()
    assert done.findings[0].hint


def test_a_derived_figure_left_as_it_was_is_no_finding(office: Office) -> None:
    office.values[CellRef(LOWER, "wells", DECEMBER)] = DataValue.of(0)
    data = office.workbook()
    unchanged(office.plan(data))
    office.values[CellRef(LOWER, "wells", DECEMBER)] = DataValue.of(3)  # the register went on meanwhile
    unchanged(office.plan(data))


# --- what people do to a sheet ---------------------------------------------------------------------------------


def insert_lines(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    sheet.insert_cols(3, 2)
    sheet.insert_rows(6, 3)
    sheet["C3"] = "去年同期"
    sheet["A6"] = "东片各村（含示范村）"
    sheet.merge_cells("A6:F6")
    sheet.insert_rows(1, 2)
    sheet["A1"] = "临溪镇人民政府"
    sheet.merge_cells("A1:H1")


def shuffle_rows(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    rows = [[cell.value for cell in row] for row in sheet["A5:N8"]]
    for number, row in enumerate(reversed(rows), 5):
        for column, content in enumerate(row, 1):
            sheet.cell(number, column).value = content


def rename_heads(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    sheet.title = "12月"
    sheet["C3"], sheet["M3"] = "全村户数", "培训（人次）"
    sheet["A6"] = "上溪（东）"


def move_column(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    for row in range(1, sheet.max_row + 1):
        sheet.cell(row, 20).value = sheet.cell(row, 3).value
        sheet.cell(row, 3).value = None


def transpose(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    cells = [[cell.value for cell in row] for row in sheet["A1:N8"]]
    turned = book.create_sheet("转置")
    for row in zip(*cells, strict=True):
        turned.append(row)
    del book["村月报"]


def copy_to_another_book(book: Workbook) -> None:
    del book["_xzdesk"]
    sheet_of(book, "村月报").title = "Sheet1"


def add_totals_and_notes(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    sheet["A9"], sheet["C9"] = "合计", 2000
    sheet["A11"] = "制表人：                审核："
    sheet["P5"] = "备注"


def lose_identifiers_of_a_line(book: Workbook) -> None:
    sheet = sheet_of(book, "村月报")
    sheet["B7"] = sheet["C2"] = None


@pytest.mark.parametrize(
    "bend",
    [
        insert_lines,
        shuffle_rows,
        rename_heads,
        move_column,
        transpose,
        copy_to_another_book,
        add_totals_and_notes,
        lose_identifiers_of_a_line,
    ],
)
def test_a_bent_sheet_gives_the_same_values(office: Office, bend: Callable[[Workbook], None]) -> None:
    data = office.workbook()
    wanted = {ref: value for ref, value in office.values.items() if ref.period is DECEMBER and ref.unit != TOWN}
    office.values = {ref: value for ref, value in office.values.items() if ref not in wanted}
    computed = CellRef(UPPER, "wells", DECEMBER)
    office.values[computed] = wanted.pop(computed)
    done = office.plan(changed(data, bend))
    assert {change.ref: change.value for change in done.cells} == wanted
    assert done.findings == []


def test_a_deleted_sheet_is_said_and_the_others_are_read(office: Office) -> None:
    def drop(book: Workbook) -> None:
        del book["村季报"]
        sheet_of(book, "村月报")["C7"] = 1403

    done = after(office, drop)
    assert codes(done) == [("import.sheet_missing", "村季报", "")]
    assert values(done) == {(LOWER, "households"): DataValue.of(1403)}


def test_a_deleted_line_is_said(office: Office) -> None:
    def drop(book: Workbook) -> None:
        sheet_of(book, "村月报").delete_rows(7)
        sheet_of(book, "村月报").delete_cols(3)

    done = after(office, drop)
    assert codes(done) == [("import.element_missing", "村月报", ""), ("import.unit_missing", "村月报", "")]
    assert "户籍户数" in done.findings[0].message
    assert "下溪村" in done.findings[1].message
    assert done.cells == []


def test_names_sorted_without_their_identifiers_are_not_taken(office: Office) -> None:
    def sort(book: Workbook) -> None:
        sheet = sheet_of(book, "村月报")
        sheet["A6"], sheet["A7"] = "下溪村", "上溪村"
        sheet["C6"], sheet["C7"] = 1402, 598

    done = after(office, sort)
    assert codes(done) == [("import.unit_conflict", "村月报", "A6"), ("import.unit_conflict", "村月报", "A7")]
    assert done.cells == []


def test_heads_that_contradict_their_identifiers_are_not_taken(office: Office) -> None:
    def swap(book: Workbook) -> None:
        sheet = sheet_of(book, "村月报")
        sheet["C3"] = "培训人次"
        sheet["C7"] = 55

    done = after(office, swap)
    assert codes(done) == [("import.head_conflict", "村月报", "C3")]
    assert done.cells == []


@pytest.mark.parametrize("head", ["元", "亿元", "（元）"])
def test_another_unit_of_measurement_is_not_taken(office: Office, head: str) -> None:
    def write(book: Workbook) -> None:
        sheet = sheet_of(book, "村季报")
        sheet["C4"] = head
        sheet["C5"] = 1234500

    done = after(office, write)
    assert codes(done)[0][:2] == ("import.other_measure", "村季报")
    assert done.cells == []


def test_a_row_copied_for_another_unit_is_not_guessed(office: Office) -> None:
    def copy(book: Workbook) -> None:
        sheet = sheet_of(book, "村月报")
        for column, content in enumerate(["上溪村", UPPER, 599], 1):
            sheet.cell(9, column).value = content
        for column, content in enumerate(["新溪村", None, 33], 1):
            sheet.cell(10, column).value = content

    done = after(office, copy)
    assert codes(done) == [("import.unknown_unit", "村月报", "C10"), ("import.contradiction", "村月报", "C9")]
    assert done.cells == []


def test_two_sheets_on_one_are_not_read(office: Office) -> None:
    def paste(book: Workbook) -> None:
        target = sheet_of(book, "村月报")
        for row in sheet_of(book, "村季报")["A1:D8"]:
            target.append([cell.value for cell in row])

    done = after(office, paste)
    assert codes(done) == [("import.mixed_sheet", "村月报", "")]


def test_a_copied_sheet_must_say_the_same(office: Office) -> None:
    def copy(book: Workbook) -> None:
        twin = book.copy_worksheet(sheet_of(book, "村月报"))
        twin.title = "村月报2"
        twin["C7"] = 9

    done = after(office, copy)
    assert codes(done) == [("import.contradiction", "村月报2", "C7")]
    assert "“村月报”表 C7" in done.findings[0].message


# --- whose workbook ---------------------------------------------------------------------------------------------


def test_the_workbook_of_another_town_is_refused(office: Office, tiny: Catalogue) -> None:
    data = office.workbook()
    office.units = (tiny.units["990101001"], *tiny.children("990101001"))
    with pytest.raises(UserError) as caught:
        office.plan(data)
    assert caught.value.code == "import.other_office"
    assert "临溪镇" in caught.value.message
    assert "松风街道" in caught.value.message


def test_a_village_s_workbook_may_be_imported_by_its_town(office: Office, tiny: Catalogue) -> None:
    village = Office(tiny)
    village.units = (tiny.units[UPPER],)
    village.values = {CellRef(UPPER, "households", DECEMBER): DataValue.of(600)}
    done = office.plan(village.workbook())
    assert values(done) == {(UPPER, "households"): DataValue.of(600)}
    assert done.findings == []


def test_the_workbook_of_another_month_is_refused(office: Office) -> None:
    with pytest.raises(UserError) as caught:
        office.plan(office.workbook(Period.month(2026, 11)))
    assert caught.value.code == "import.other_period"
    assert "2026年11月" in caught.value.message


def test_a_sheet_of_another_month_in_this_book_is_not_read(office: Office) -> None:
    def paste(book: Workbook) -> None:
        sheet_of(book, "村月报")["B2"] = "xzdesk:grid:village:2026-11"

    done = after(office, paste)
    assert codes(done) == [("import.other_period", "村月报", ""), ("import.sheet_missing", "村月报", "")]


def test_the_workbook_of_another_district_or_format_is_refused(office: Office) -> None:
    def edit(row: int, content: str) -> Callable[[Workbook], None]:
        def change(book: Workbook) -> None:
            sheet_of(book, "_xzdesk").cell(row, 2).value = content

        return change

    for row, content, code in ((1, "2", "import.newer_format"), (5, "other", "import.other_district")):
        with pytest.raises(UserError) as caught:
            office.plan(changed(office.workbook(), edit(row, content)))
        assert caught.value.code == code


def test_the_workbook_of_an_older_task_is_read_with_a_finding(office: Office) -> None:
    def edit(book: Workbook) -> None:
        hidden = sheet_of(book, "_xzdesk")
        hidden["B6"], hidden["B7"] = "2", "0" * 64
        sheet_of(book, "村月报")["C2"] = "household"
        sheet_of(book, "村月报")["C3"] = "户数"

    done = after(office, edit)
    assert [code for code, _, _ in codes(done)] == [
        "import.other_version", "import.unknown_element", "import.element_missing",
    ]  # fmt: skip
    assert "第 2 版" in done.findings[0].message
    assert done.findings[1].cell == "C3"
