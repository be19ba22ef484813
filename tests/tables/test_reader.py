"""Files as they reach an office: odd ones give the right cells, hostile ones are refused by a limit."""

import datetime as dt
import io
import re
import struct
import zipfile
from collections.abc import Callable

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.tables import archive, limits, sheet_xml
from xzdesk.tables.reader import read_table
from xzdesk.tables.table import Broken, Raw, Sheet


def xlsx(fill: Callable[[openpyxl.worksheet.worksheet.Worksheet], None]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    fill(book.active)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def edited(data: bytes, name: str, edit: Callable[[bytes], bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The zip with one member's content changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", method) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, edit(content) if info.filename == name else content)
    return buffer.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def plain_book() -> bytes:
    def fill(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.title = "月报"
        sheet.append(["村", "户数"])
        sheet.append(["木桥港村", 598])

    return xlsx(fill)


def sheet_with(body: str) -> bytes:
    """A workbook whose only sheet holds ``body`` as its rows."""
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return edited(plain_book(), SHEET, lambda _: f"{head}{body}</sheetData></worksheet>".encode())


def only(data: bytes) -> Sheet:
    (sheet,) = read_table(data, "表.xlsx").sheets
    return sheet


def refused(data: bytes) -> str:
    with pytest.raises(UserError) as caught:
        read_table(data, "C:\\资料\\表.xlsx")
    assert caught.value.message
    assert caught.value.hint
    return caught.value.code


def test_cells_from_a1_on() -> None:
    table = read_table(plain_book(), "/tmp/某 表.xlsx")
    assert (table.filename, table.kind) == ("某 表.xlsx", "xlsx")
    assert table.sheets == (Sheet("月报", [["村", "户数"], ["木桥港村", 598.0]]),)
    assert table.sheets[0].at(9, 9) == ""


@pytest.mark.parametrize("claimed", [b"A1:A1", b"A1:XFD1048576", b"nonsense"])
def test_the_claimed_dimension_counts_for_nothing(claimed: bytes) -> None:
    data = edited(
        plain_book(), SHEET, lambda xml: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="%s"' % claimed, xml)
    )
    assert b'<dimension ref="' + claimed in zipfile.ZipFile(io.BytesIO(data)).read(SHEET)
    assert only(data).rows == [["村", "户数"], ["木桥港村", 598.0]]


def test_percentages_are_their_text() -> None:
    def fill(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        for column, shape in enumerate(("0%", "0.00%", '0"%"', "General"), 1):
            sheet.cell(1, column, 0.895).number_format = shape

    assert only(xlsx(fill)).rows == [["89.5%", "89.5%", 0.895, 0.895]]


def test_formula_cells_give_their_result_or_say_that_there_is_none() -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("月报")
        sheet.write_formula(0, 0, "=1+1", None, 2)
        sheet.write_formula(0, 1, "=1/0", None, "#DIV/0!")
    assert only(buffer.getvalue()).rows == [[2.0, Broken("#DIV/0!")]]
    text = '<row r="1"><c r="A1" t="str"><f>""</f><v></v></c><c r="B1" t="str"><f>"a"</f><v>a</v></c></row>'
    assert only(sheet_with(text)).rows == [["", "a"]]

    def fill(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet["A1"] = "=1+1"  # written without a result

    assert only(xlsx(fill)).rows == [[Broken("公式还没有算出结果")]]


def test_merged_cells_hold_their_content_once() -> None:
    def fill(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet["A1"] = "标题"
        sheet.merge_cells("A1:C1")
        sheet["A2"] = 1

    assert only(xlsx(fill)).rows[0][0] == "标题"
    assert only(xlsx(fill)).at(0, 1) == ""


def test_dates_and_booleans_keep_their_type() -> None:
    def fill(sheet: openpyxl.worksheet.worksheet.Worksheet) -> None:
        sheet.append([dt.date(2026, 10, 1), True])

    assert only(xlsx(fill)).rows == [[dt.date(2026, 10, 1), True]]


def test_hidden_sheets_are_read_and_marked() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("藏").sheet_state = "veryHidden"
    buffer = io.BytesIO()
    book.save(buffer)
    assert [sheet.hidden for sheet in read_table(buffer.getvalue(), "表.xlsx").sheets] == [False, True]


def test_csv_is_told_from_its_bytes_not_from_its_name() -> None:
    table = read_table("村,户数\n甲,１\n".encode("gb18030"), "月报.xls")
    assert (table.kind, table.sheets) == ("csv", (Sheet("月报", [["村", "户数"], ["甲", "１"]]),))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "table.empty"),
        (b"\r\n \0", "table.empty"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "table.markup"),
        ("\ufeff  <!DOCTYPE html>".encode(), "table.markup"),
        (b'<?xml version="1.0"?><Workbook/>', "table.markup"),
        (b"%PDF-1.7", "table.other_format"),
        (b"\x89PNG\r\n", "table.other_format"),
        (b"PK\x03\x04 and nothing else", "table.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "table.damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), "table.damaged"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = plain_book()
    monkeypatch.setattr("xzdesk.tables.reader.MAX_FILE", len(data))
    assert only(data).rows
    assert refused(data + b"\0") == "table.too_large"


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


def test_a_zip_of_something_else_is_no_table() -> None:
    assert refused(zipped({"a.txt": b"x"})) == "table.other_format"
    assert refused(zipped({"xl/workbook.bin": b"x"})) == "table.other_format"


def test_every_truncation_is_refused() -> None:
    data = plain_book()
    for length in range(4, len(data), 97):
        assert refused(data[:length]) in ("table.damaged", "table.other_format")


def test_a_bomb_by_ratio_is_refused_before_it_unfolds() -> None:
    bomb = edited(plain_book(), SHEET, lambda xml: xml + b" " * (4 * limits.RATIO_FROM))
    assert len(bomb) < 40_000
    assert refused(bomb) == "table.too_large"


def test_inflated_bytes_count_over_all_members(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {"xl/workbook.xml": b"x" * 600, "xl/styles.xml": b"y" * 400}
    monkeypatch.setattr(archive, "MAX_XML", 1000)
    assert archive.inflate(zipped(members)) == members
    monkeypatch.setattr(archive, "MAX_XML", 999)
    with pytest.raises(UserError) as caught:
        archive.inflate(zipped(members))
    assert caught.value.code == "table.too_large"
    with pytest.raises(UserError):
        archive.inflate(zipped(members, zipfile.ZIP_STORED))


def test_lying_sizes_doubled_and_encrypted_members_are_damage() -> None:
    data = bytearray(zipped({"xl/workbook.xml": b"<a/>" * 50}))
    directory = data.rfind(b"PK\x01\x02")
    lying = bytearray(data)
    struct.pack_into("<L", lying, directory + 24, 7)
    locked = bytearray(data)
    locked[directory + 8] |= 1
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("xl/workbook.xml", b"<a/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("xl/workbook.xml", b"<b/>")
    for bad in (bytes(lying), bytes(locked), buffer.getvalue()):
        with pytest.raises(UserError) as caught:
            archive.inflate(bad)
        assert caught.value.code == "table.damaged"


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 3)
    assert archive.member_names(zipped(dict.fromkeys("abc", b""))) == ["a", "b", "c"]
    assert refused(zipped(dict.fromkeys("abcd", b""))) == "table.too_large"


def test_pictures_and_macros_never_reach_the_library() -> None:
    members = {"xl/workbook.xml": b"<a/>", "xl/media/a.png": b"p", "xl/vbaProject.bin": b"m", "../evil.xml": b"<e/>"}
    assert set(archive.inflate(zipped(members))) == {"xl/workbook.xml", "../evil.xml"}


def test_two_cells_in_far_corners_are_refused() -> None:
    assert refused(sheet_with('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')) == "table.too_large"
    assert refused(
        sheet_with('<row r="1"><c r="A1"><v>1</v></c></row><row r="9999"><c r="ZZ9999"><v>1</v></c></row>')
    ) == ("table.too_large")


@pytest.mark.parametrize("reference", ["XFE1", "A1048577", "A0", "1A", "ZZZZ1", "A", "", "Ａ1"])
def test_a_cell_outside_every_sheet_is_damage(reference: str) -> None:
    assert refused(sheet_with(f'<row><c r="{reference}"><v>1</v></c></row>')) == "table.damaged"


def test_the_area_and_the_cells_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    far = sheet_with('<row r="10"><c r="J10"><v>1</v></c></row>')
    monkeypatch.setattr("xzdesk.tables.reader.MAX_AREA", 100)
    assert only(far).at(9, 9) == 1
    monkeypatch.setattr("xzdesk.tables.reader.MAX_AREA", 99)
    assert refused(far) == "table.too_large"
    monkeypatch.setattr(sheet_xml, "MAX_CELLS", 2)
    row = '<row><c r="A1"><v>1</v></c><c><v>1</v></c></row>'
    assert only(sheet_with(row)).rows == [[1, 1]]
    assert refused(sheet_with(row.replace("</row>", "<c><v>1</v></c></row>"))) == "table.too_large"


def shared_book() -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("月报")
        for row in range(10):
            sheet.write_string(row, 0, "长" * 100)
    return buffer.getvalue()


def test_few_long_texts_in_many_cells_count_at_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xzdesk.tables.reader.MAX_TEXT", 1000)
    assert only(shared_book()).at(9, 0) == "长" * 100
    monkeypatch.setattr("xzdesk.tables.reader.MAX_TEXT", 999)
    assert refused(shared_book()) == "table.too_large"


def test_endless_attributes_and_tags_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(sheet_with(f'<row x="{"y" * 600_000}"/>')) == "table.too_large"
    monkeypatch.setattr(sheet_xml, "MAX_MARKS", 100)
    assert refused(sheet_with("<row/>" * 200)) == "table.too_large"


@pytest.mark.parametrize(
    "edit",
    [
        lambda xml: b'<!DOCTYPE a [<!ENTITY b "c">]>' + xml,
        lambda xml: xml[:-5],
        lambda xml: b'<?xml version="1.0" encoding="utf-16"?>' + xml,
        lambda xml: xml.replace(b'r="A1"', b'r="&#65;1"'),
    ],
)
def test_xml_with_tricks_is_damage(edit: Callable[[bytes], bytes]) -> None:
    assert refused(edited(plain_book(), SHEET, edit)) == "table.damaged"


def test_a_sheet_that_points_elsewhere_is_damage() -> None:
    relations = "xl/_rels/workbook.xml.rels"
    data = edited(plain_book(), relations, lambda xml: xml.replace(b"/xl/worksheets/", b"/xl/../worksheets/"))
    assert refused(data) == "table.damaged"


ODS_HEAD = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
)


def ods(table: str, manifest: str = "") -> bytes:
    content = f"{ODS_HEAD}{table}</office:spreadsheet></office:body></office:document-content>"
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    return zipped({"mimetype": kind, "META-INF/manifest.xml": manifest.encode(), "content.xml": content.encode()})


def test_an_open_document_is_read() -> None:
    table = read_table(
        ods(
            '<table:table table:name="月报"><table:table-row>'
            '<table:table-cell office:value-type="string"><text:p>村</text:p></table:table-cell>'
            '<table:table-cell office:value-type="float" office:value="598"/>'
            '<table:table-cell office:value-type="percentage" office:value="0.9"/>'
            "</table:table-row></table:table>"
        ),
        "表.ods",
    )
    assert (table.kind, table.sheets) == ("ods", (Sheet("月报", [["村", 598.0, "90%"]]),))


@pytest.mark.parametrize("repeat", ["1048577", "999999999", "0", "-1"])
def test_repeats_beyond_the_sheet_are_refused(repeat: str) -> None:
    row = f'<table:table-row table:number-rows-repeated="{repeat}">'
    cell = '<table:table-cell office:value-type="float" office:value="1"/>'
    assert refused(ods(f'<table:table table:name="a">{row}{cell}</table:table-row></table:table>')) in (
        "table.damaged", "table.too_large",
    )  # fmt: skip


def test_a_repeated_cell_counts_each_time() -> None:
    cell = '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
    row = f'<table:table-row table:number-rows-repeated="1000">{cell}</table:table-row>'
    assert refused(ods(f'<table:table table:name="a">{row}</table:table>')) == "table.too_large"


def test_a_locked_open_document_asks_to_be_unlocked() -> None:
    assert refused(ods("", "<m><encryption-data/></m>")) == "table.password"


@given(st.lists(st.lists(st.text("甲乙=+-@1 .", max_size=6) | st.integers(-999, 999), max_size=4), max_size=5))
@settings(max_examples=40, deadline=None)
def test_what_xlsxwriter_writes_is_read_back(rows: list[list[Raw]]) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("表")
        for row, cells in enumerate(rows):
            for column, content in enumerate(cells):
                sheet.write(row, column, content)
    read = only(buffer.getvalue())
    assert all(read.at(r, c) == content for r, cells in enumerate(rows) for c, content in enumerate(cells))


@given(st.binary(max_size=300), st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_garbage_in_the_middle_is_refused_or_read(noise: bytes, place: int) -> None:
    data = plain_book()
    data = data[: place % len(data)] + noise + data[place % len(data) + len(noise) :]
    try:
        outcome = read_table(data, "表.xlsx").kind
    except UserError as error:
        outcome = error.code
    assert outcome in ("xlsx", "csv") or outcome.startswith("table.")
