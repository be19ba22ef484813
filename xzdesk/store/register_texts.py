"""Register rows as texts, which is how packages carry them: writing them in SQL, reading them column by column.

The sender may be anyone, nothing is taken on trust. A column is judged as a whole first; only one with a fault is
looked through cell by cell. Causes name the field and never the content.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

from xzdesk.core.model import FieldType, RegisterField, RegisterSchema
from xzdesk.store.register_fields import (
    INVISIBLE,
    LARGEST_SCALED,
    Stored,
    bounds_text,
    choices,
    date_bounds,
    scaled_bounds,
)
from xzdesk.store.register_tables import FIXED, OF_UNITS, decimals, identifier, is_number, table_name

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

ROW_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
"""A row's id: a UUID in small letters."""

ID_LENGTH: Final = 36
LARGEST_REVISION: Final = 10**9

_ROW_IDS: Final = re.compile(f"(?:{ROW_ID.pattern})*", re.ASCII)
_WHOLE: Final = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_NUMBER: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,15}))?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)

SEPARATOR: Final = "\x1f"
"""Stands between the cells of a row's text; no content has it (``INVISIBLE``)."""

_BETWEEN_ROWS: Final = "\x1e"
_ROWS: Final = """
SELECT group_concat(concat_ws(char(31), {cells}), char(30)) FROM [{table}]{where} GROUP BY unit
"""
"""One text for each unit: to fetch the rows one by one would take half as long again."""

_PLACES: Final = """
CASE WHEN [{0}] >= {2} THEN ([{0}] / {2}) || '.' || substr([{0}], -{1}) WHEN [{0}] IS NULL THEN ''
ELSE CASE WHEN [{0}] < 0 THEN '-' ELSE '' END || (abs([{0}]) / {2}) || '.' || substr('{2}' || (abs([{0}]) % {2}), -{1})
END"""
"""Text of an integer scaled by {1} decimals, {2} being 10 to that power; exact, as floating point would not be. Most
are of the first case, which is quick."""

Column = tuple[list[Stored], dict[int, str]]
"""The contents in their order, and by position why a text is not a content."""


def row_texts(
    ws: Workspace, schema: RegisterSchema, columns: Sequence[str], units: Collection[str] | None
) -> list[str]:
    """Every row of the units (codes; None: all), deleted or not, as the columns' texts in one; in no promised order.

    ``deleted`` is 0 or 1; a number has as many decimals as its field; nothing filled in is the empty text.
    """
    cells = ", ".join(name if name in FIXED else _cell(schema.field(name)) for name in columns)
    where = "" if units is None else f" WHERE {OF_UNITS}"
    statement = _ROWS.format(cells=cells, table=table_name(schema.code), where=where)
    parameters = {} if units is None else {"units": json.dumps(sorted(units))}
    return [text for (of_unit,) in ws.db.conn.execute(statement, parameters) for text in of_unit.split(_BETWEEN_ROWS)]


def _cell(field: RegisterField) -> str:
    name = identifier(field.name)
    if is_number(field) and decimals(field):
        return _PLACES.format(name, decimals(field), 10 ** decimals(field))
    return f"coalesce([{name}], '')"


def read_column(field: RegisterField, texts: Sequence[str]) -> Column:
    """What the field's column holds for each text; the empty text is nothing."""
    if field.type in (FieldType.INTEGER, FieldType.DECIMAL):
        return _read_distinct(texts, _number_reader(field))
    if field.type is FieldType.DATE:
        return _read_distinct(texts, _date_reader(field))
    allowed = frozenset(choices(field))
    if allowed:
        return _read_distinct(texts, lambda text: text if text in allowed else _refuse("不是可选的内容"))
    if field.references:
        return _read_distinct(texts, lambda text: text if ROW_ID.fullmatch(text) else _refuse("不是行编号"))
    return _read_texts(field, [text.strip() for text in texts])


def read_ids(texts: Sequence[str]) -> Column:
    """Row ids, well formed."""
    if {len(text) for text in texts} <= {36} and _ROW_IDS.fullmatch("".join(texts)):
        return list(texts), {}
    return list(texts), {at: "行编号不对" for at, text in enumerate(texts) if not ROW_ID.fullmatch(text)}


def read_units(texts: Sequence[str], allowed: frozenset[str]) -> Column:
    """Unit codes, of those that the sender answers for."""
    return _read_distinct(texts, lambda text: text if text in allowed else _refuse("不是该单位填报的村、社区"), "")


def read_deleted(texts: Sequence[str]) -> Column:
    marks = {"0": 0, "1": 1}
    return _read_distinct(texts, lambda text: marks[text] if text in marks else _refuse("删除标记不对"), "")


def read_revisions(texts: Sequence[str]) -> Column:
    def read(text: str) -> int:
        return int(text) if _WHOLE.fullmatch(text) and int(text) <= LARGEST_REVISION else _refuse("修改次数不对")

    return _read_distinct(texts, read, "")


class _RefusedError(Exception):
    """``args[0]`` says why."""


def _refuse(cause: str) -> int:
    raise _RefusedError(cause)


def _read_distinct(texts: Sequence[str], read: Callable[[str], Stored], empty: str | None = None) -> Column:
    """Read every different text once. ``empty``: the cause where nothing is not allowed to stand."""
    contents: dict[str, Stored] = {}
    refused: dict[str, str] = {}
    for text in set(texts):
        if not text and empty is None:
            contents[text] = None
            continue
        try:
            contents[text] = read(text)
        except _RefusedError as refusal:
            refused[text] = str(refusal)
    if not refused:
        return [contents[text] for text in texts], {}
    causes = {position: refused[text] for position, text in enumerate(texts) if text in refused}
    return [contents.get(text) for text in texts], causes


def _read_texts(field: RegisterField, texts: Sequence[str]) -> Column:
    causes: dict[int, str] = {}
    if max(map(len, texts), default=0) > field.max_length or INVISIBLE.search("".join(texts)):
        for position, text in enumerate(texts):
            if len(text) > field.max_length:
                causes[position] = f"过长，最多{field.max_length}个字"
            elif INVISIBLE.search(text):
                causes[position] = "里有看不见的字符"
    return [text or None for text in texts], causes


def _number_reader(field: RegisterField) -> Callable[[str], int]:
    places = decimals(field)
    least, greatest = scaled_bounds(field)

    def read(text: str) -> int:
        match = _NUMBER.fullmatch(text)
        if match is None:
            return _refuse("不是数字")
        sign, whole, fraction = match.groups("")
        if len(fraction) > places and fraction[places:].strip("0"):
            return _refuse(f"最多{places}位小数" if places else "应是整数")
        number = int(whole + fraction[:places].ljust(places, "0"))
        if number >= LARGEST_SCALED:
            return _refuse("数字过大")
        number = -number if sign else number
        if (least is not None and number < least) or (greatest is not None and number > greatest):
            return _refuse(bounds_text(field))
        return number

    return read


def _date_reader(field: RegisterField) -> Callable[[str], Stored]:
    first, last = date_bounds(field)

    def read(text: str) -> Stored:
        try:
            if not _DATE.fullmatch(text):
                raise ValueError
            dt.date.fromisoformat(text)
        except ValueError:
            return _refuse("不是日期")
        return text if first <= text <= last else _refuse(bounds_text(field))

    return read
