"""The workbook as a clerk sees it, opened with another library."""

import io
import zipfile

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tables.conftest import DECEMBER, SECOND, TOWN, UPPER, WELL, Office
from xzdesk.core.model import Catalogue, RegisterRow
from xzdesk.core.periods import Period
from xzdesk.tables.workbook_out import Contents, write_workbook


def opened(office: Office, period: Period = DECEMBER) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(office.workbook(period)))


def test_one_sheet_for_each_report_and_register(office: Office) -> None:
    book = opened(office)
    assert book.sheetnames == [
        "村月报", "村季报", "镇月报", "镇季报", "镇年报", "村期初数", "供水点", "水质检测", "说明", "_xzdesk",
    ]  # fmt: skip
    assert book["_xzdesk"].sheet_state == "veryHidden"
    assert all(book[name].sheet_state == "visible" for name in book.sheetnames[:-1])


def test_quarter_and_year_come_only_with_the_month_that_ends_them(office: Office) -> None:
    reports = {"村月报", "村季报", "镇月报", "镇季报", "镇年报"}
    assert set(opened(office, Period.month(2026, 10)).sheetnames) & reports == {"村月报", "镇月报"}
    assert set(opened(office, Period.month(2026, 9)).sheetnames) & reports == reports - {"镇年报"}


def test_a_grid_has_frozen_heads_units_definitions_and_hidden_identifiers(office: Office) -> None:
    sheet = opened(office)["村月报"]
    assert sheet["A1"].value == "临溪镇 村月报 2026年12月"
    assert sheet.freeze_panes == "C5"
    assert sheet.row_dimensions[2].hidden
    assert sheet.column_dimensions["B"].hidden
    assert [sheet[f"C{row}"].value for row in (2, 3, 4)] == ["households", "户籍户数", "户"]
    assert sheet["C3"].comment.text == "期末在册的户籍户数。"
    assert sheet["D3"].comment.text.startswith("由台账自动算出")
    assert [cell.value for cell in sheet["A"][4:8]] == ["临溪社区", "上溪村", "下溪村", "石桥村"]
    assert sheet["C6"].value == 598
    assert sheet["C6"].number_format == "#,##0"
    assert sheet["C5"].value == "/"
    assert not sheet["C6"].protection.locked
    assert sheet["D6"].protection.locked
    assert sheet["D6"].fill.fgColor.rgb == "FFEDEDED"
    assert sheet.column_dimensions["A"].width > 10


def test_a_choice_is_offered_as_a_list(office: Office) -> None:
    book = opened(office)
    sheet = book["村月报"]
    lists = {str(item.sqref): item.formula1 for item in sheet.data_validations.dataValidation}
    source = lists["L5:L8"].removeprefix("_xzdesk!").replace("$", "")
    assert [cell[0].value for cell in book["_xzdesk"][source]] == ["未评定", "A级", "AA级", "/", "-"]


def test_one_unit_is_a_form_with_last_period_and_definition(office: Office) -> None:
    sheet = opened(office)["镇月报"]
    assert [cell.value for cell in sheet[3]] == ["采集项", None, "计量单位", "2026年12月", "上期（2026年11月）", "口径"]
    assert [cell.value for cell in sheet[4]] == [
        "数字工厂", "factories", "家", 3, 2, "期末经认定的家数，取消认定的减去。",
    ]  # fmt: skip


def test_a_register_shows_its_rows_without_hidden_fields(office: Office) -> None:
    sheet = opened(office)["供水点"]
    titles = ["所属单位", None, "名称", "类别", "设计供水能力", "供水户数", "建成日期", "管护人", "是否标准化", "状态"]
    assert [cell.value for cell in sheet[3]] == titles
    assert [cell.value for cell in sheet[4]][2:7] == ["必填", "必填", "吨/日", "户", "必填 日期"]
    assert [cell.value for cell in sheet["B"][4:6]] == [WELL, SECOND]
    assert sheet["G5"].number_format == "yyyy-mm-dd"
    assert sheet.auto_filter.ref == "A4:J6"
    assert opened(office)["水质检测"]["C5"].value == "=东井"


def test_no_text_becomes_a_formula_or_a_link(office: Office) -> None:
    sheet = opened(office)["供水点"]
    assert [(sheet[place].value, sheet[place].data_type) for place in ("C5", "C6", "H5")] == [
        ("=东井", "s"), ("0012", "s"), ("+李四", "s"),
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(office.workbook())) as file:
        for name in file.namelist():
            assert b"<f>" not in file.read(name)
            assert b"<hyperlink" not in file.read(name)


def test_deleted_rows_stay_behind(office: Office) -> None:
    office.rows["well"][1] = RegisterRow(SECOND, UPPER, office.rows["well"][1].fields, deleted=True)
    assert opened(office)["供水点"]["B6"].value is None


def test_the_same_contents_give_the_same_bytes(office: Office) -> None:
    assert office.workbook() == office.workbook()


def test_a_village_gets_forms_only(tiny: Catalogue) -> None:
    village = tiny.units[UPPER]
    data = write_workbook(tiny, Contents(village, [village], Period.month(2026, 12)))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book["村月报"]["D2"].value == UPPER
    assert "镇月报" not in book.sheetnames


def test_units_of_the_same_name_are_told_apart(tiny: Catalogue) -> None:
    units = [tiny.units[TOWN], tiny.units[UPPER]]
    twin = type(units[1])("990101101299", "上溪村", units[1].kind, TOWN)
    book = openpyxl.load_workbook(
        io.BytesIO(write_workbook(tiny, Contents(units[0], [*units, twin], Period.month(2026, 12))))
    )
    assert [cell.value for cell in book["村月报"]["A"][4:6]] == ["上溪村（990101101201）", "上溪村（990101101299）"]


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_every_text_comes_back_identical(tiny: Catalogue, text: str) -> None:
    office = Office(tiny)
    fields = {**office.rows["well"][0].fields, "name": text, "keeper": f"={text}"}
    office.rows["well"][0] = RegisterRow(WELL, UPPER, fields)
    done = office.plan(office.workbook())
    assert (done.cells, done.rows, done.findings) == ([], [], [])
