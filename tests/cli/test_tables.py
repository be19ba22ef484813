"""``export-table`` and ``import-table``: out, filled in, tried, taken over."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from .conftest import MONTH, Desk

FILE = "临溪镇_2024-01_填报表.xlsx"


def write(path: Path, unit: str, element: str, content: object) -> None:
    """Type ``content`` into the workbook, found as a person would find it: row of the unit, column of the element."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        column = next((c.column for row in sheet.iter_rows(max_row=8) for c in row if _is(c.value, element)), None)
        row = next((c.row for cells in sheet.iter_rows() for c in cells[:4] if c.value == unit), None)
        if column and row and sheet.sheet_state == "visible":
            sheet.cell(row, column).value = content
            book.save(path)
            return
    raise AssertionError(f"no cell for {unit} {element}")


def _is(content: object, element: str) -> bool:
    return isinstance(content, str) and content.split("\n")[0].split("（")[0] == element


@pytest.fixture
def book(desk: Desk) -> Path:
    written = desk.done("镇", "export-table", MONTH, "--to", desk.folder, "--json").json["path"]
    assert Path(written).name == FILE
    return Path(written)


def test_a_filled_workbook_is_tried_and_then_taken_over(desk: Desk, book: Path) -> None:
    write(book, "上溪村", "户籍户数", "1，234户")
    tried = desk.done("镇", "import-table", book, MONTH, "--dry-run", "--json").json
    change = next(c for c in tried["cells"] if c["ref"]["element"] == "households")
    assert (change["value"]["number"], change["original"], bool(change["conversions"])) == ("1234", "1，234户", True)
    assert (tried["saved"], tried["findings"]) == (None, [])
    assert "什么都没有保存" in desk.done("镇", "import-table", book, MONTH, "--dry-run").out
    done = desk.done("镇", "import-table", book, MONTH)
    assert "上溪村 户籍户数 2024年1月 未填 → 1234户" in done.out
    assert "已保存 1 格、0 行" in done.out
    assert desk.done("镇", "record", "上溪村", "户籍户数", MONTH, "1234", "--json").json["changed"] == []


def test_a_cell_that_cannot_be_read_stops_the_import_unless_the_rest_is_wanted(desk: Desk, book: Path) -> None:
    write(book, "上溪村", "户籍户数", "三百户左右")
    write(book, "下溪村", "户籍户数", 280)
    stopped = desk.run("镇", "import-table", book, MONTH)
    assert stopped.status == 2
    assert "什么都没有保存" in stopped.out
    taken = desk.run("镇", "import-table", book, MONTH, "--partly", "--json")
    assert taken.status == 2
    assert (len(taken.json["findings"]), len(taken.json["saved"]["cells"])) == (1, 1)
    assert taken.json["findings"][0]["cell"]
    assert Path(taken.json["backup"]).is_file()
    nothing = desk.run("镇", "import-table", book, MONTH, "--partly")
    assert "没有要保存的变动。" in nothing.out


def test_one_units_empty_workbook(desk: Desk) -> None:
    desk.done("镇", "record", "上溪村", "户籍户数", MONTH, "300")
    target = desk.folder / "上溪.xlsx"
    desk.done("镇", "export-table", MONTH, "--to", target, "--unit", "上溪村", "--empty")
    contents = [c.value for s in openpyxl.load_workbook(target).worksheets for row in s.iter_rows() for c in row]
    assert "下溪村" not in contents
    assert 300 not in contents


def test_a_workbook_that_may_be_filled_in_is_not_replaced_unasked(desk: Desk, book: Path) -> None:
    write(book, "上溪村", "户籍户数", 298)
    filled = book.read_bytes()
    again = desk.run("镇", "export-table", MONTH, "--to", desk.folder, "--json")
    assert (again.status, again.error["code"], book.read_bytes()) == (2, "export.exists", filled)
    desk.done("镇", "export-table", MONTH, "--to", desk.folder, "--replace")
    assert book.read_bytes() != filled


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("export-table", MONTH, "--to", "没有这里/表.xlsx"), "export.place"),
        (("export-table", MONTH, "--to", "表.doc"), "export.place"),
        (("export-table", MONTH, "--to", ".", "--unit", "竹里村"), "record.other_office"),
        (("import-table", "没有.xlsx", MONTH), "import.no_file"),
    ],
)
def test_what_cannot_be_written_or_read_is_refused(desk: Desk, words: tuple[str, ...], code: str) -> None:
    answer = desk.run("镇", *words, "--json")
    assert (answer.status, answer.error["code"]) == (2, code)


def test_garbage_is_no_table(desk: Desk) -> None:
    file = desk.folder / "表.xlsx"
    file.write_bytes(b"PK\x03\x04 not a workbook")
    answer = desk.run("镇", "import-table", file, MONTH, "--json")
    assert answer.status == 2
    assert answer.error["code"].startswith("table.")
