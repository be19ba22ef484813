"""Any layout of the same values ends in the same values; no sheet ends the program."""

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from tests.tables.conftest import (
    DECEMBER,
    LOWER,
    STONE,
    UPPER,
    WELL,
    Office,
    after,
    put_row,
    sheet_of,
    unchanged,
    values,
)
from xzdesk.core.model import Catalogue, DataValue
from xzdesk.tables.csv_text import write_csv
from xzdesk.tables.plan_import import plan
from xzdesk.tables.table import Raw, Sheet, Table

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
