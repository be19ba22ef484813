"""Reading the sheet of a report: which line is which unit, which is which element, and then every cell.

Lines are known by their hidden identifiers and, where those are lost, by names. Where identifier and name
contradict each other, or a head states another unit of measurement, nothing of the line is taken.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from xzdesk.core.model import NOT_APPLICABLE, CellRef, DataElement, OrgUnit
from xzdesk.core.periods import Period
from xzdesk.tables.content import is_empty, read_value, shown
from xzdesk.tables.layout import SKIP, Grid, shown_key, shown_text, typed
from xzdesk.tables.name_match import Names, element_names, general_units, key, other_unit
from xzdesk.tables.reading import Entry, Import, element_of
from xzdesk.tables.sheet_view import Found, SheetView
from xzdesk.tables.table import Sheet

_HEAD_ROWS: Final = 60
"""Rows in which the heads of a sheet without identifiers are sought."""
_LISTED: Final = 10
_TOTALS: Final = frozenset({"合计", "小计", "总计", "共计", "平均", "全镇合计", "全区合计", "汇总"})
_FIGURE_HEADS: Final = frozenset({"本期数", "本期", "数值", "填报数", "本月数", "本季数", "本年数", "数"})
_MONTH: Final = re.compile(r"(20\d\d)年(\d{1,2})月(?:份)?")


@dataclass(slots=True)
class Lines:
    """The sheet as understood: unit by row, possible elements by column."""

    view: SheetView
    grids: Sequence[Grid]
    units: dict[int, OrgUnit] = field(default_factory=dict)
    elements: dict[int, tuple[DataElement, ...]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    """Columns that are only shown, or that were refused with a finding."""
    skipped_rows: set[int] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)
    """Codes of the units and elements whose line was refused with a finding."""

    @property
    def first_row(self) -> int:
        return min(self.units, default=self.view.rows)

    @property
    def first_column(self) -> int:
        return min(self.elements, default=self.view.columns)


def read_marked(run: Import, sheet: Sheet, found: Found) -> None:
    """A sheet that carries ``found``. Adds entries, findings and notes to ``run``."""
    grid = _grid_of(run, sheet, found)
    if grid is None:
        return
    view, row, column = _turned(sheet, found, run)
    lines = Lines(view, [grid])
    _units_by_id(run, lines, row, column)
    _elements_by_id(run, lines, row, column)
    _check_heads(run, lines, column, row)
    _report_missing(run, lines, grid)
    _read_cells(run, lines)


def read_by_names(run: Import, sheet: Sheet, lines: Lines) -> None:
    """A sheet without identifiers, as ``understand`` found it. Adds to ``run``."""
    if _other_month(run, sheet, lines):
        return
    _check_heads(run, lines, -1, -1)
    _read_cells(run, lines)


def _grid_of(run: Import, sheet: Sheet, found: Found) -> Grid | None:
    marker = found.marker
    grids = run.baselines if marker.kind == "baseline" else run.due
    for grid in grids:
        if grid.level is marker.level and grid.period is marker.period:
            return grid
    label = marker.period.label() if marker.period else ""
    run.find(
        sheet,
        "",
        "import.other_period",
        f"这是{label}的表，不属于{run.period.label()}应报的内容，没有读取。",
        "请核对要导入的月份，或换用本月导出的表。",
    )
    return None


def _turned(sheet: Sheet, found: Found, run: Import) -> tuple[SheetView, int, int]:
    """The view in which elements go across, and row and column of the marker in it."""
    upright = SheetView(sheet)
    across = [upright.text(found.row, column) for column in range(upright.columns)]
    down = [upright.text(row, found.column) for row in range(upright.rows)]
    codes, units = run.catalogue.elements, run.catalogue.units
    flat = sum(text in codes for text in across) + sum(text in units for text in down)
    tall = sum(text in codes for text in down) + sum(text in units for text in across)
    if tall > flat:
        return SheetView(sheet, transposed=True), found.column, found.row
    return upright, found.row, found.column


def _units_by_id(run: Import, lines: Lines, marker_row: int, marker_column: int) -> None:
    view = lines.view
    known = run.catalogue.units
    zone = [c for c in range(view.columns) if c != marker_column and not view.text(marker_row, c)]
    nameless: list[int] = []
    for row in range(view.rows):
        text = view.text(row, marker_column)
        if row == marker_row:
            continue
        if text in run.units:
            _identified_unit(run, lines, row, zone, run.units[text])
        elif text == SKIP:
            lines.skipped_rows.add(row)
        elif text in known:
            _find_row(run, lines, row, "import.other_unit", f"{known[text].name}不归本单位填报，这一行没有读取。")
        else:
            nameless.append(row)
    present = {unit.code for unit in lines.units.values()} | lines.reported
    for row in nameless:
        column, codes = _named(run, view, row, zone)
        if len(codes) == 1 and codes[0] not in present:
            lines.units[row] = run.units[codes[0]]
            message = f"没有隐藏编号，按名称认作{run.units[codes[0]].name}。"
            run.note(view.sheet, view.place(row, column), message)


def _identified_unit(run: Import, lines: Lines, row: int, zone: Sequence[int], unit: OrgUnit) -> None:
    """Take the row for ``unit`` unless its name is exactly another unit's."""
    view = lines.view
    contents = [(column, view.at(row, column)) for column in zone]
    others = [(column, codes[0]) for column, raw in contents if (codes := run.names.exact(raw))]
    if not others or any(unit.code in run.names.find(raw) for _, raw in contents):
        lines.units[row] = unit
        return
    column, code = others[0]
    lines.skipped_rows.add(row)
    lines.reported |= {unit.code, code}
    run.find(
        view.sheet,
        view.place(row, column),
        "import.unit_conflict",
        f"名称写的是{run.units[code].name}，隐藏编号却是{unit.name}，这一行没有读取。",
        "多半是排序时没有选中整张表，或复制了别的行。请在重新导出的表里填写。",
    )


def _named(run: Import, view: SheetView, row: int, zone: Sequence[int]) -> tuple[int, list[str]]:
    """(column, codes) of the first name of a unit in a row."""
    for column in zone:
        found = run.names.find(view.at(row, column))
        if found:
            return column, found
    return 0, []


def _find_row(run: Import, lines: Lines, row: int, code: str, message: str) -> None:
    view = lines.view
    lines.skipped_rows.add(row)
    column = next(view.filled(row), 0)
    run.find(view.sheet, view.place(row, column), code, message, "请核对单位名称，或删去这一行。")


def _elements_by_id(run: Import, lines: Lines, marker_row: int, marker_column: int) -> None:
    view, grid = lines.view, lines.grids[0]
    codes = {element.code: element for element in grid.elements}
    names = element_names(grid.elements)
    top = [row for row in range(lines.first_row) if row != marker_row]
    for column in range(view.columns):
        text = view.text(marker_row, column)
        if column == marker_column:
            continue
        if text == SKIP:
            lines.skipped.add(column)
        elif text in codes:
            lines.elements[column] = (codes[text],)
        else:
            named = _named_elements(view, top, column, names)
            if len(named) == 1:
                lines.elements[column] = (codes[named[0]],)
                run.note(view.sheet, view.place(_head_row(view, top, column), column), "没有隐藏编号，按名称读取。")
            elif text:
                lines.skipped.add(column)
                run.find(
                    view.sheet,
                    view.place(_head_row(view, top, column), column),
                    "import.unknown_element",
                    "认不出这是哪一项，没有读取。"
                    if text not in run.catalogue.elements
                    else "这一项不属于这张表，没有读取。",
                    "请在重新导出的表里填写。",
                )


def _named_elements(view: SheetView, top: Iterable[int], column: int, names: Names[str]) -> list[str]:
    """Codes that the heads of a column may mean, the lowest head first."""
    for row in sorted(top, reverse=True):
        found = names.find(view.at(row, column))
        if found:
            return found
    return []


def _head_row(view: SheetView, top: Sequence[int], column: int) -> int:
    return next((row for row in top if not is_empty(view.at(row, column))), 0)


def _check_heads(run: Import, lines: Lines, marker_column: int, marker_row: int) -> None:
    """Drop the columns whose heads name another element or another unit of measurement."""
    view = lines.view
    everything = [element for grid in lines.grids for element in grid.elements]
    exact = {key(element.name): element for element in everything}
    words = run.unit_words()
    top = [row for row in range(lines.first_row) if row != marker_row]
    general = general_units(view.at(row, column) for row in top for column in range(view.columns))
    for column, elements in list(lines.elements.items()):
        heads = [view.at(row, column) for row in top]
        texts = {key(head) for head in heads} - {""}
        own = {key(element.name) for element in elements}
        others = [exact[text] for text in sorted(texts) if text in exact and text not in own]
        unit = "" if column == marker_column else other_unit(heads, elements[0].unit, words, general)
        place = view.place(_head_row(view, top, column), column)
        if others and not texts & own:
            run.find(
                view.sheet,
                place,
                "import.head_conflict",
                f"表头写的是“{others[0].name}”，隐藏编号却是“{elements[0].name}”，这一项没有读取。",
                "多半是移动时没有选中整列。请在重新导出的表里填写。",
            )
        elif unit:
            run.find(
                view.sheet,
                place,
                "import.other_measure",
                f"“{elements[0].name}”的计量单位应为“{elements[0].unit}”，表里写的是“{unit}”，这一项没有读取。",
                f"请换算成“{elements[0].unit}”并把表头改回来。",
            )
        else:
            continue
        lines.reported |= {element.code for element in lines.elements.pop(column)}
        lines.skipped.add(column)


def _report_missing(run: Import, lines: Lines, grid: Grid) -> None:
    """Say which units and elements of the report the sheet does not show."""
    if not lines.units or not lines.elements:
        message = "认不出单位或采集项，没有读取。"
        run.find(lines.view.sheet, "", "import.no_lines", message, "请在重新导出的表里填写。")
        return
    shown_codes = {e.code for elements in lines.elements.values() for e in elements} | lines.reported
    shown_codes |= {unit.code for unit in lines.units.values()}
    for code, gone in (
        ("import.element_missing", [e for e in grid.elements if typed(e, grid.baseline)]),
        ("import.unit_missing", [unit for unit in grid.units if unit.code in run.expected]),
    ):
        names = [item.name for item in gone if item.code not in shown_codes]
        if names:
            listed = "、".join(names[:_LISTED]) + ("等" if len(names) > _LISTED else "")
            run.find(
                lines.view.sheet,
                "",
                code,
                f"表里没有{listed}，没有读取。",
                "不需要填可以不管；需要填请在重新导出的表里填写。",
            )


def _read_cells(run: Import, lines: Lines) -> None:
    view = lines.view
    for row in range(view.rows):
        unit = lines.units.get(row)
        if unit is None:
            if row > lines.first_row and row not in lines.skipped_rows:
                _stray_row(run, lines, row)
            continue
        for column, elements in lines.elements.items():
            raw = view.at(row, column)
            if not (isinstance(raw, str) and not raw) and not is_empty(raw):
                _read_cell(run, lines, row, column, unit, elements)
    _note_extra(run, lines)


def _read_cell(
    run: Import, lines: Lines, row: int, column: int, unit: OrgUnit, elements: tuple[DataElement, ...]
) -> None:
    sheet, place, raw = lines.view.sheet, lines.view.place(row, column), lines.view.at(row, column)
    element = element_of(elements, unit)
    if element is None:
        if read_value(raw, elements[0]).value != NOT_APPLICABLE:
            what = f"{unit.name} {elements[0].name}"
            run.find(sheet, place, "import.not_asked", f"{what}：不归这个单位填，没有读取。", "请核对是否填错了行。")
        return
    grid = next(grid for grid in lines.grids if element in grid.elements)
    ref = CellRef(unit.code, element.code, grid.period)
    reading = read_value(raw, element)
    if not typed(element, grid.baseline):
        left_alone = reading.value is not None and (
            run.shown.get(shown_key(ref)) == shown_text(reading.value) or run.known.get(ref) == reading.value
        )
        if not left_alone:
            run.find(
                sheet,
                place,
                "import.derived",
                f"{run.what(ref)}：由台账算出，不能在这里填，没有读取。",
                "请在相应的台账里登记或修改。",
            )
    elif reading.problem is not None:
        run.problem(sheet, place, run.what(ref), reading.problem)
    elif reading.value is not None:
        run.add(ref, Entry(sheet.name, place, reading.value, shown(raw), reading.conversions))


def _stray_row(run: Import, lines: Lines, row: int) -> None:
    """A row of figures below the first unit of which nobody knows whose they are."""
    view = lines.view
    if any(key(view.at(row, column)) in _TOTALS for column in range(view.columns)):
        return
    if all(len(grid.units) == 1 for grid in lines.grids):
        return  # a form: what stands beside the figures is not another unit
    for column, elements in lines.elements.items():
        raw = view.at(row, column)
        if not is_empty(raw) and read_value(raw, elements[0]).value is not None:
            run.find(
                view.sheet,
                view.place(row, column),
                "import.unknown_unit",
                "认不出这一行是哪个单位，没有读取。",
                "请写上单位全称；是小计、备注的可以不管。",
            )
            return


def _note_extra(run: Import, lines: Lines) -> None:
    view = lines.view
    for column in range(lines.first_column, view.columns):
        if column in lines.elements or column in lines.skipped:
            continue
        row = next((row for row in lines.units if not is_empty(view.at(row, column))), None)
        if row is not None:
            run.note(view.sheet, view.place(row, column), "不是采集项，没有读取。")


def understand(run: Import, sheet: Sheet) -> Lines | None:
    """The lines of a sheet without identifiers, whichever way it lies; None when it names no unit or no element."""
    candidates = [lines for turn in (False, True) if (lines := _by_names(run, SheetView(sheet, turn))) is not None]
    return max(candidates, key=lambda lines: len(lines.units) * len(lines.elements), default=None)


def _by_names(run: Import, view: SheetView) -> Lines | None:
    lines = Lines(view, run.due)
    everything = {element.code: element for grid in run.due for element in grid.elements}
    same_name: dict[str, list[DataElement]] = {}
    for element in everything.values():
        same_name.setdefault(key(element.name), []).append(element)
    names = element_names(everything.values())
    heads = range(min(view.rows, _HEAD_ROWS))
    hits = {(row, column): found for row in heads for column in range(view.columns)
            if (found := names.find(view.at(row, column)))}  # fmt: skip
    if not hits:
        return None
    by_row = Counter(row for row, _ in hits)
    head = min(row for row, count in by_row.items() if count == max(by_row.values()))
    below = max((row for row in by_row if row >= head and by_row[row] == by_row[head]), default=head)
    for (row, column), found in sorted(hits.items()):
        if head - 3 <= row <= below:
            lines.elements[column] = tuple(everything[code] for code in found)
    _units_by_name(run, lines, below)
    if not lines.units and len(run.units) > 0:
        _figure_row(run, lines, below)
    return lines if lines.units else None


def _units_by_name(run: Import, lines: Lines, head: int) -> None:
    view = lines.view
    best: dict[int, str] = {}
    for column in range(view.columns):
        if column in lines.elements:
            continue
        found = {
            row: codes[0]
            for row in range(head + 1, view.rows)
            if len(codes := run.names.find(view.at(row, column))) == 1
        }
        if len(set(found.values())) > len(set(best.values())):
            best = found
    lines.units = {row: run.units[code] for row, code in best.items()}


def _figure_row(run: Import, lines: Lines, head: int) -> None:
    """One unit's list: the line of figures is headed as such, and the unit is named above or is the only one."""
    view = lines.view
    named = {
        codes[0]
        for row in range(view.rows)
        for column in range(view.columns)
        if len(codes := _title_units(run, view.at(row, column))) == 1
    }
    if len(named) != 1 and len(run.units) != 1:
        return
    unit = run.units[named.pop() if len(named) == 1 else next(iter(run.units))]
    heads = _FIGURE_HEADS | {key(grid.period.label()) for grid in run.due}
    for row in range(view.rows):
        if row != head and any(key(view.at(row, column)) in heads for column in range(lines.first_column)):
            lines.units[row] = unit
            return


def _title_units(run: Import, raw: object) -> list[str]:
    """Units that a title such as ``上溪村 村月报 2026年10月`` names with one of its words."""
    if not isinstance(raw, str) or len(raw) > 80:
        return []
    return list(dict.fromkeys(code for word in raw.split() for code in run.names.exact(word)))


def _other_month(run: Import, sheet: Sheet, lines: Lines) -> bool:
    """Whether the title above the heads names a month, and not this one."""
    view = lines.view
    stated: dict[Period, str] = {}
    for row in range(lines.first_row):
        for column in range(view.columns):
            raw = view.at(row, column)
            match = _MONTH.search(raw) if isinstance(raw, str) and len(raw) <= 80 else None
            if match and 1 <= int(match[2]) <= 12:
                stated.setdefault(Period.month(int(match[1]), int(match[2])), view.place(row, column))
    if not stated or run.period in stated:
        return False
    month, place = next(iter(stated.items()))
    run.find(
        sheet,
        place,
        "import.other_period",
        f"标题写的是{month.label()}，现在导入的是{run.period.label()}，这张表没有读取。",
        "请核对要导入的月份，或改正标题。",
    )
    return True
