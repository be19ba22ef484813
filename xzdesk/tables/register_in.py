"""Reading the sheet of a register: known rows by their hidden id, the others as new ones.

A new row is taken whole or not at all: it has no id in the file, so a second import of the mended file could not
know the half that was stored before. Messages never quote personal fields.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from xzdesk.core.model import FieldValue, RegisterField, RegisterRow, RegisterSchema
from xzdesk.tables.content import FieldReading, is_empty, read_field, shown
from xzdesk.tables.layout import UNIT, hint_text, shown_fields
from xzdesk.tables.name_match import Names, field_names, key, other_unit
from xzdesk.tables.reading import Import
from xzdesk.tables.row_names import RowNames
from xzdesk.tables.sheet_view import Found, SheetView
from xzdesk.tables.table import Raw, RowChange, Sheet

UNIT_HEADS: Final = frozenset(
    ("所属单位", "单位", "填报单位", "单位名称", "村", "村名", "所属村", "村(社区)", "所属村(社区)", "村社区")
)
_HEAD_ROWS: Final = 60


@dataclass(slots=True)
class Columns:
    """The sheet as understood."""

    view: SheetView
    schema: RegisterSchema
    first_row: int
    fields: dict[int, RegisterField] = field(default_factory=dict)
    unit: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """A row of the sheet as read. ``bad``: some field could not be taken, and a finding says so."""

    sheet: Sheet
    row: int
    unit: str
    fields: Mapping[str, FieldValue]
    conversions: tuple[str, ...]
    bad: bool = False


class RegisterReader:
    """Reads all sheets of one register, then decides. Readers of referenced registers must have finished before."""

    def __init__(self, run: Import, schema: RegisterSchema, names: RowNames, new_id: Callable[[], str]) -> None:
        self._run = run
        self._schema = schema
        self._names = names
        self._new_id = new_id
        self._known = {row.id: row for row in run.known_rows.get(schema.code, ())}
        self._lines: defaultdict[str, list[_Line]] = defaultdict(list)
        self._new: list[_Line] = []
        self._labels: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for row in self._known.values():
            if not row.deleted:
                self._labels[row.unit, key(names.plain(schema, row.fields))].add(row.id)

    def read(self, columns: Columns) -> None:
        """Collect the rows of one sheet."""
        view = columns.view
        for row in range(columns.first_row, view.rows):
            filled = [column for column in columns.fields if not is_empty(view.at(row, column))]
            identifier = view.text(row, columns.id) if columns.id is not None else ""
            if filled and identifier:
                self._known_line(columns, row, filled, identifier)
            elif filled:
                self._new_line(columns, row, filled)

    def finish(self) -> None:
        """Decide on what was collected; adds changes and findings."""
        for identifier, lines in self._lines.items():
            if self._contradict(lines):
                continue
            line, known = lines[0], self._known[identifier]
            changed = {name: value for name, value in line.fields.items() if not _same(known.fields.get(name), value)}
            if changed:
                self._change(line, identifier, changed, known.revision)
            elif not line.bad:
                self._run.unchanged += 1
        everything: defaultdict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
        keys: defaultdict[str, dict[tuple[str, ...], str]] = defaultdict(dict)
        for known in self._known.values():
            if not known.deleted:
                everything[known.unit].setdefault(self._whole(known.fields), "")
                keys[known.unit].setdefault(self._key(known.fields), "台账里")
        for line in self._new:
            self._decide_new(line, everything[line.unit], keys[line.unit])

    def _decide_new(
        self, line: _Line, everything: dict[tuple[str, ...], str], keys: dict[tuple[str, ...], str]
    ) -> None:
        whole, short = self._whole(line.fields), self._key(line.fields)
        place = f"“{line.sheet.name}”表第 {line.row + 1} 行"
        if everything.get(whole) == "":
            self._run.unchanged += 1
            return
        other = everything.get(whole) or (keys.get(short) if all(short) else None)
        if other:
            titles = "、".join(self._schema.field(name).title for name in self._schema.duplicate_key)
            self._find(
                line,
                "import.duplicate_row",
                f"{other}已有{f'“{titles}”' if short and all(short) else '内容'}相同的一条，这一行没有登记。",
                "要改已有的一条，请在导出的表里那一行上改；确实是另一条，请在程序的台账里登记。",
            )
            return
        everything[whole] = keys[short] = place
        identifier = self._new_id()
        self._names.add(self._schema.code, line.unit, identifier, self._names.plain(self._schema, line.fields))
        self._change(line, None, {n: v for n, v in line.fields.items() if v is not None}, 0, identifier)

    def _change(
        self, line: _Line, identifier: str | None, fields: dict[str, FieldValue], revision: int, new_id: str = ""
    ) -> None:
        code, number = self._schema.code, line.row + 1
        self._run.plan.rows.append(
            RowChange(
                line.sheet.name, number, code, identifier, line.unit, fields, line.conversions, new_id, revision
            )
        )  # fmt: skip

    def _whole(self, fields: Mapping[str, FieldValue]) -> tuple[str, ...]:
        return tuple(_text(fields.get(item.name)) for item in shown_fields(self._schema))

    def _key(self, fields: Mapping[str, FieldValue]) -> tuple[str, ...]:
        return tuple(_text(fields.get(name)) for name in self._schema.duplicate_key)

    def _contradict(self, lines: Sequence[_Line]) -> bool:
        """One row of the register on several rows of the file: they must say the same."""
        first = lines[0]
        others = [line for line in lines[1:] if line.fields != first.fields]
        for line in others:
            self._find(
                line,
                "import.repeated_row",
                f"与“{first.sheet.name}”表第 {first.row + 1} 行是台账里的同一条，内容却不一样，两行都没有读取。",
                "多半是复制了整行来改。新的一条请填在空行里。",
            )
        return bool(others)

    def _find(self, line: _Line, code: str, message: str, hint: str) -> None:
        self._run.find(line.sheet, f"A{line.row + 1}", code, message, hint)

    def _known_line(self, columns: Columns, row: int, filled: Sequence[int], identifier: str) -> None:
        known = self._known.get(identifier)
        view = columns.view
        if known is None or known.deleted:
            what = "已经删除" if known else "不在本单位的台账里"
            self._run.find(
                view.sheet,
                view.place(row, filled[0]),
                "import.unknown_row",
                f"这一行的条目{what}，没有读取。",
                "新的一条请填在空行里；删错的请在程序的台账里恢复。",
            )
            return
        named = self._unit(columns, row)
        if named and known.unit not in named:
            self._run.find(
                view.sheet,
                view.place(row, columns.unit or 0),
                "import.row_moved",
                f"这一条原属{self._run.unit_name(known.unit)}，与表里写的单位不同，没有读取。",
                "请核对；条目不能换单位，要换请在程序里删除后重新登记。",
            )
            return
        line = self._line(columns, row, filled, known.unit, known)
        label = key(self._names.plain(self._schema, {**known.fields, **line.fields}))
        owners = self._labels[known.unit, label]
        if label and owners and identifier not in owners and not line.bad:
            self._run.find(
                view.sheet,
                view.place(row, filled[0]),
                "import.row_conflict",
                "这一行的名称与台账里的另一条相同，隐藏编号对不上，没有读取。",
                "多半是排序时没有选中整张表。请在重新导出的表里填写。",
            )
            return
        self._lines[identifier].append(line)

    def _new_line(self, columns: Columns, row: int, filled: Sequence[int]) -> None:
        view = columns.view
        if _is_title(view, row, filled, columns):
            return
        named = self._unit(columns, row)
        if len(named) != 1:
            place = view.place(row, columns.unit if columns.unit is not None else filled[0])
            message = "认不出这一行属于哪个单位，没有登记。"
            self._run.find(view.sheet, place, "import.unknown_unit", message, "请写上单位全称。")
            return
        line = self._line(columns, row, filled, named[0], None)
        missing = [
            item.title
            for item in shown_fields(self._schema)
            if item.required and line.fields.get(item.name) in (None, "")
        ]
        if missing and not line.bad:
            self._find(
                line,
                "import.required",
                f"新的一条没有填{'、'.join(f'“{title}”' for title in missing)}，没有登记。",
                "请补填；不是台账内容的可以不管。",
            )
        elif line.bad:
            message = "这一行有读不出的格子，整行没有登记。"
            self._find(line, "import.row_held", message, "请改好后重新导入。")
        else:
            self._new.append(line)

    def _unit(self, columns: Columns, row: int) -> list[str]:
        """Codes that the row's unit may mean; of a known row without a unit none, which fits every one."""
        raw = columns.view.at(row, columns.unit) if columns.unit is not None else ""
        if not is_empty(raw):
            return self._run.names.find(columns.view.text(row, columns.unit or 0)) or ["", ""]
        return list(self._run.units) if len(self._run.units) == 1 else []

    def _line(self, columns: Columns, row: int, filled: Sequence[int], unit: str, known: RegisterRow | None) -> _Line:
        view = columns.view
        fields: dict[str, FieldValue] = {}
        conversions: list[str] = []
        bad = False
        for column in filled:
            item, raw, place = columns.fields[column], view.at(row, column), view.place(row, column)
            if known is not None and self._stands(item, raw, known):
                continue
            if item.references:
                reading = FieldReading(self._reference(view.sheet, place, item, raw, unit))
            else:
                reading = read_field(raw, item)
            if reading.problem is not None:
                self._run.problem(view.sheet, place, item.title, reading.problem)
            if reading.value is None:
                bad = True
            else:
                fields[item.name] = reading.value
                conversions += [f"{place}：{told}" for told in reading.conversions]
        return _Line(view.sheet, row, unit, fields, tuple(conversions), bad)

    def _stands(self, item: RegisterField, raw: Raw, known: RegisterRow) -> bool:
        """Whether the cell holds exactly what was written into it."""
        value = known.fields.get(item.name)
        if not isinstance(value, str) or not isinstance(raw, str):
            return False
        shown_as = self._names.of(item.references, value) if item.references else value
        return _lines(raw) == _lines(shown_as)

    def _reference(self, sheet: Sheet, place: str, item: RegisterField, raw: Raw, unit: str) -> str | None:
        found = self._names.find(item.references, unit, shown(raw))
        if len(found) == 1:
            return found[0]
        target = self._run.catalogue.registers[item.references].title
        what = "不止一条" if found else "没有"
        self._run.find(
            sheet,
            place,
            "import.reference",
            f"{item.title}：{self._run.unit_name(unit)}的“{target}”台账里{what}叫这个名称的，没有读取。",
            "请从下拉列表里选，或先登记那一条。",
        )
        return None


def _is_title(view: SheetView, row: int, filled: Sequence[int], columns: Columns) -> bool:
    """A heading between the rows: one text over a table of several fields, or the head once more."""
    if len(columns.fields) > 1 and all(
        key(view.at(row, column)) in (key(item.title), key(hint_text(item)))
        for column, item in columns.fields.items()
        if column in filled
    ):
        return True
    return len(filled) == 1 and len(columns.fields) > 2 and isinstance(view.at(row, filled[0]), str) and not (
        columns.unit is not None and not is_empty(view.at(row, columns.unit))
    )  # fmt: skip


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(value: FieldValue) -> str:
    if isinstance(value, str):
        return _lines(value)
    return "" if value is None else str(value.normalize() if hasattr(value, "normalize") else value)


def _same(known: FieldValue, value: FieldValue) -> bool:
    return _text(known) == _text(value)


def columns_marked(run: Import, sheet: Sheet, found: Found, schema: RegisterSchema) -> Columns:
    """The columns by their identifiers and, where those are lost, by the titles."""
    view = SheetView(sheet)
    fields = {item.name: item for item in shown_fields(schema)}
    names = field_names(fields.values())
    identifiers = {column: view.text(found.row, column) for column in range(view.columns) if column != found.column}
    head = _head_row(view, found.row + 1, names)
    columns = Columns(view, schema, 0, id=found.column)
    for column, text in identifiers.items():
        titled = names.find(view.at(head, column)) if head is not None else []
        if text == UNIT:
            columns.unit = column
        elif text in fields:
            columns.fields[column] = fields[text]
        elif len(titled) == 1:
            columns.fields[column] = fields[titled[0]]
        elif text:
            place = view.place(found.row if head is None else head, column)
            run.find(sheet, place, "import.unknown_field", "认不出这一列是什么，没有读取。", "请在重新导出的表里填写。")
    columns.first_row = _after_head(columns, found.row if head is None else head)
    _check_heads(run, columns, head)
    return columns


def columns_by_names(run: Import, sheet: Sheet) -> Columns | None:
    """The register whose titles a sheet without identifiers shows; None when it shows none."""
    view = SheetView(sheet)
    best: Columns | None = None
    for schema in run.catalogue.registers.values():
        fields = {item.name: item for item in shown_fields(schema)}
        names = field_names(fields.values())
        head = _head_row(view, 0, names)
        if head is None:
            continue
        columns = Columns(view, schema, 0)
        for column in range(view.columns):
            titled = names.find(view.at(head, column))
            if key(view.at(head, column)) in UNIT_HEADS and columns.unit is None and not titled:
                columns.unit = column
            elif len(titled) == 1:
                columns.fields[column] = fields[titled[0]]
        required = {name for name, item in fields.items() if item.required}
        shown_names = {item.name for item in columns.fields.values()}
        if (
            len(shown_names) >= 2
            and required <= shown_names
            and (best is None or len(columns.fields) > len(best.fields))
        ):
            columns.first_row = _after_head(columns, head)
            best = columns
    if best is not None:
        _check_heads(run, best, best.first_row - 1)
    return best


def _head_row(view: SheetView, first: int, names: Names[str]) -> int | None:
    """The row that shows most titles, two at least."""
    best, most = None, 1
    for row in range(first, min(view.rows, first + _HEAD_ROWS)):
        hits = sum(len(names.find(view.at(row, column))) == 1 for column in range(view.columns))
        if hits > most:
            best, most = row, hits
    return best


def _after_head(columns: Columns, head: int) -> int:
    """The first row of entries: below the head and the line of hints."""
    view, row = columns.view, head + 1
    filled = [column for column in columns.fields if not is_empty(view.at(row, column))]
    if filled and all(key(view.at(row, c)) == key(hint_text(columns.fields[c])) for c in filled):
        return row + 1
    return row


def _check_heads(run: Import, columns: Columns, head: int | None) -> None:
    """Drop columns whose title is another field's, or that state another unit; the later of two for one field."""
    view, words = columns.view, run.unit_words()
    titles = {key(item.title): item for item in shown_fields(columns.schema)}
    taken: set[str] = set()
    for column, item in sorted(columns.fields.items()):
        rows: Iterable[int] = () if head is None else range(head, columns.first_row)
        heads = [view.at(row, column) for row in rows]
        other = next((titles[key(raw)] for raw in heads if key(raw) in titles and key(raw) != key(item.title)), None)
        measure = other_unit(heads, item.unit, words)
        if other is not None:
            message = f"表头写的是“{other.title}”，隐藏编号却是“{item.title}”，这一列没有读取。"
        elif measure:
            message = f"“{item.title}”的计量单位应为“{item.unit}”，表里写的是“{measure}”，这一列没有读取。"
        elif item.name in taken:
            message = f"“{item.title}”不止一列，只读取前面的一列。"
        else:
            taken.add(item.name)
            continue
        del columns.fields[column]
        place = view.place(head or 0, column)
        run.find(view.sheet, place, "import.head_conflict", message, "请改正表头，或在重新导出的表里填写。")


def new_uuid() -> str:
    """A random UUID, 36 characters."""
    return str(uuid.uuid4())
