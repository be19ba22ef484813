"""A filled workbook comes back: the right value whatever was done to the sheet, or a finding with sheet and cell."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from tests.tables.conftest import (
    DECEMBER,
    LOWER,
    QUARTER,
    SECOND,
    STONE,
    TEST,
    TOWN,
    UPPER,
    WELL,
    Office,
    changed,
)
from xzdesk.core.errors import UserError
from xzdesk.core.model import NOT_APPLICABLE, NOT_STARTED, Catalogue, CellRef, DataValue, RegisterRow
from xzdesk.core.periods import Period
from xzdesk.tables.csv_text import write_csv
from xzdesk.tables.plan_import import plan
from xzdesk.tables.table import Plan, Raw, Sheet, Table


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


# --- files without identifiers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_by_names(office: Office, encoding: str) -> None:
    text = (
        "2026年12月报表,,,\n村名,1.户籍户数（户）,培训人次,备注\n"
        '上溪,６００,-,好\n下溪村委会,"1,500",25,\n合计,2100,25,\n'
    )
    done = office.plan(text.encode(encoding), "月报.csv")
    assert values(done) == {
        (UPPER, "households"): DataValue.of(600),
        (LOWER, "households"): DataValue.of(1500),
        (LOWER, "trainees"): DataValue.of(25),
    }
    assert done.findings == []
    assert [change.cell for change in done.cells] == ["B3", "B4", "C4"]


def test_a_csv_lying_on_its_side_is_read_by_names(office: Office) -> None:
    done = office.plan("采集项,上溪村,下溪村\n户籍户数,600,1402\n培训人次,,25\n".encode())
    assert values(done) == {(UPPER, "households"): DataValue.of(600), (LOWER, "trainees"): DataValue.of(25)}


def test_the_list_of_one_unit_is_read_by_names(office: Office) -> None:
    done = office.plan("上溪村 2026年12月,\n采集项,本期数\n户籍户数,600\n经营性收入,9.5\n".encode())
    assert values(done) == {(UPPER, "households"): DataValue.of(600), (UPPER, "income"): DataValue.of(Decimal("9.5"))}


def test_a_list_of_one_line_is_read_by_names(office: Office) -> None:
    done = office.plan("临溪镇 镇月报,,\n采集项,计量单位,2026年12月\n数字工厂,家,4\n".encode())
    assert values(done) == {(TOWN, "factories"): DataValue.of(4)}
    assert done.findings == []


def test_a_title_of_another_month_stops_a_csv(office: Office) -> None:
    done = office.plan("2026年11月报表\n村名,户籍户数\n上溪村,600\n".encode())
    assert codes(done) == [("import.other_period", "表", "A1")]
    assert done.cells == []


def test_another_unit_in_a_csv_is_not_taken(office: Office) -> None:
    done = office.plan("村名,经营性收入（元）,户籍户数\n上溪村,95000,600\n".encode())
    assert codes(done) == [("import.other_measure", "表", "B1")]
    assert values(done) == {(UPPER, "households"): DataValue.of(600)}


def test_a_unit_stated_for_the_whole_csv_counts(office: Office) -> None:
    done = office.plan("2026年12月,,单位：元\n村名,经营性收入,户籍户数\n上溪村,95000,600\n".encode())
    assert codes(done) == [("import.other_measure", "表", "B2")]
    assert values(done) == {(UPPER, "households"): DataValue.of(600)}


def test_findings_are_counted_to_a_limit(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xzdesk.tables.reading.MAX_FINDINGS", 1)
    done = office.plan("村名,户籍户数\n上溪村,一\n下溪村,二\n石桥村,三\n".encode())
    assert codes(done) == [("number.unreadable", "表", "B2"), ("import.too_many", "", "")]


def test_a_csv_of_something_else_is_a_finding(office: Office) -> None:
    assert codes(office.plan("姓名,电话\n甲,1\n".encode())) == [("import.not_understood", "表", "")]


# --- registers --------------------------------------------------------------------------------------------------


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


def put_row(sheet: Worksheet, number: int, cells: list[object]) -> None:
    for column, content in enumerate(cells, 1):
        put(sheet, number, column, content)


def put(sheet: Worksheet, row: int, column: int, content: object) -> None:
    """As typed with an apostrophe in front: this library would take ``=东井`` for a formula."""
    cell = sheet.cell(row, column)
    cell.value = content
    if isinstance(content, str):
        cell.data_type = "s"


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


# --- any layout -------------------------------------------------------------------------------------------------

CELLS = [(unit, element) for unit in (UPPER, LOWER, STONE) for element in ("households", "trainees", "trees")]
NAMES = {UPPER: "上溪村", LOWER: "下溪村", STONE: "石桥村"}
TITLES = {"households": "户籍户数", "trainees": "培训人次", "trees": "累计植树"}
NUMBER = st.integers(0, 2000)


def written(number: int, style: int) -> str:
    return [
        str(number),
        f"{number:,}",
        str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９")),
        f" {number}.0",
    ][style]


@given(
    numbers=st.lists(st.none() | NUMBER, min_size=9, max_size=9),
    styles=st.lists(st.integers(0, 3), min_size=9, max_size=9),
    units=st.permutations([UPPER, LOWER, STONE]),
    elements=st.permutations(["households", "trainees", "trees"]),
    blank_rows=st.integers(0, 2),
    blank_columns=st.integers(0, 2),
    title=st.sampled_from(["", "临溪镇2026年12月报表"]),
    turned=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_any_layout_of_the_same_values_ends_in_the_same_values(
    tiny: Catalogue,
    numbers: list[int | None],
    styles: list[int],
    units: list[str],
    elements: list[str],
    blank_rows: int,
    blank_columns: int,
    title: str,
    turned: bool,
) -> None:
    office = Office(tiny)
    office.values = {}
    given_values = dict(zip(CELLS, zip(numbers, styles, strict=True), strict=True))
    rows = [[""] * blank_columns + ["村", *(TITLES[element] for element in elements), "备注"]]
    for unit in units:
        cells = [given_values[unit, element] for element in elements]
        shown = ["" if number is None else written(number, style) for number, style in cells]
        rows += [[""] * blank_columns + [NAMES[unit], *shown, ""]]
    if turned:
        rows = [list(row) for row in zip(*rows, strict=True)]
    rows = [[title or "报表", "", "", "", "", "", ""]] + [[]] * blank_rows + rows
    done = office.plan(write_csv(rows), "表.csv")
    assert done.findings == []
    assert values(done) == {
        place: DataValue.of(number) for place, (number, _) in given_values.items() if number is not None
    }


@given(
    moves=st.lists(st.tuples(st.sampled_from(["row", "column"]), st.integers(1, 16), st.integers(1, 3)), max_size=4),
    order=st.permutations(range(4)),
)
@settings(max_examples=15, deadline=None)
def test_a_marked_sheet_survives_any_inserted_lines(
    tiny: Catalogue, moves: list[tuple[str, int, int]], order: list[int]
) -> None:
    office = Office(tiny)

    def bend(book: Workbook) -> None:
        sheet = sheet_of(book, "村月报")
        rows = [[cell.value for cell in row] for row in sheet["A5:N8"]]
        for number, place in enumerate(order):
            put_row(sheet, 5 + number, rows[place])
        for what, place, count in moves:
            (sheet.insert_rows if what == "row" else sheet.insert_cols)(place, count)

    unchanged(after(office, bend))


WORD = st.sampled_from(
    ["", "上溪村", "下溪村", UPPER, LOWER, "户籍户数", "households", "xzdesk:grid:village:2026-12", "xzdesk:skip", "/",
     "xzdesk:register:well", "xzdesk:unit", "name", "名称", "类别", "建成日期", "kind", WELL, "2026-01-01", "合计"]
)  # fmt: skip


@given(st.lists(st.lists(WORD | st.floats() | st.text(max_size=5) | st.booleans(), max_size=6), max_size=8))
@settings(max_examples=150, deadline=None)
def test_no_sheet_raises(tiny: Catalogue, rows: list[list[Raw]]) -> None:
    office = Office(tiny)
    done = plan(
        Table("表.xlsx", "xlsx", (Sheet("表", rows),)), tiny, office.units, DECEMBER, office.values, office.rows
    )
    assert all(finding.message and finding.hint for finding in done.findings)
