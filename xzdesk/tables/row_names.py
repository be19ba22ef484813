"""How a row of a register is called where another row refers to it, and which row such a name means.

Nobody can read the ids; a workbook shows the label that the schema names. Labels may be personal: they stand in
cells, never in messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from xzdesk.core.model import Catalogue, FieldValue, RegisterRow, RegisterSchema
from xzdesk.tables.numbers import fold, plain

_ID_SHOWN: Final = 8


def shown_value(value: FieldValue) -> str:
    """A field's content in one line."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) or hasattr(value, "isoformat") else plain(value)


def _key(text: str) -> str:
    return "".join(fold(text).split())


class RowNames:
    """Names of the rows of all registers; unique within a register and unit."""

    def __init__(self, catalogue: Catalogue, rows: Mapping[str, Sequence[RegisterRow]]) -> None:
        self._catalogue = catalogue
        self._names: dict[tuple[str, str], str] = {}
        self._found: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._units: dict[tuple[str, str], str] = {}
        for register in rows:
            schema = catalogue.registers.get(register)
            if schema is not None:
                self._name_all(schema, [row for row in rows[register] if not row.deleted])

    def _name_all(self, schema: RegisterSchema, rows: Sequence[RegisterRow]) -> None:
        same: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        plain_names = {row.id: self.plain(schema, row.fields) for row in rows}
        for row in rows:
            same[row.unit, _key(plain_names[row.id])].append(row.id)
        for row in rows:
            name = plain_names[row.id]
            if not name or len(same[row.unit, _key(name)]) > 1:
                name = f"{name}（{row.id[:_ID_SHOWN]}）"
            self.add(schema.code, row.unit, row.id, name)

    def plain(self, schema: RegisterSchema, fields: Mapping[str, FieldValue]) -> str:
        """The label that ``fields`` give; references in it are left out, they would name rows by other rows."""
        parts = []
        for name in schema.label:
            if not schema.field(name).references:
                parts.append(shown_value(fields.get(name)))
        return " ".join(part for part in parts if part)

    def add(self, register: str, unit: str, row: str, name: str) -> None:
        """Make a row known under ``name``; a new row of the file that is being read, for instance."""
        self._names[register, row] = name
        self._units[register, row] = unit
        found = self._found.setdefault((register, unit), {}).setdefault(_key(name), [])
        if row not in found:
            found.append(row)

    def of(self, register: str, row: str) -> str:
        """The name of a row; its id when the row is not known (deleted, or of another office)."""
        return self._names.get((register, row), row)

    def find(self, register: str, unit: str, text: str) -> list[str]:
        """Ids of the rows of ``unit`` that ``text`` may mean: by name or by id. One is the answer."""
        if self._units.get((register, text.strip())) == unit:
            return [text.strip()]
        return list(self._found.get((register, unit), {}).get(_key(text), ()))

    def of_unit(self, register: str, unit: str) -> list[str]:
        """All names in one register and unit, in the order of the rows."""
        rows = (row for (code, row), own in self._units.items() if code == register and own == unit)
        return [self._names[register, row] for row in rows]
