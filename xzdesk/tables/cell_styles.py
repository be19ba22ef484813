"""The looks of a workbook: every format once, by what it is for. Colours never carry a meaning alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.model import FieldType, RegisterField

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

_HEAD: Final = "#DCE6F1"
_DERIVED: Final = "#EDEDED"
_LINE: Final = "#A6A6A6"
_TEXT: Final = "#595959"
NARROWEST: Final = 9.0
WIDEST: Final = 48.0


class Styles:
    """Formats of one workbook, made when first asked for."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[str, Format] = {}

    def title(self) -> Format:
        return self._get("title", {"bold": True, "font_size": 15, "valign": "vcenter"})

    def head(self, required: bool = False) -> Format:
        properties = {"bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "bg_color": _HEAD}
        return self._get(f"head{required}", self._boxed(properties))

    def under_head(self) -> Format:
        """Unit of measurement, or what a field wants, under its name."""
        properties = {"align": "center", "valign": "vcenter", "font_color": _TEXT, "bg_color": _HEAD, "font_size": 9}
        return self._get("under", self._boxed({**properties, "text_wrap": True}))

    def name(self) -> Format:
        return self._get("name", self._boxed({"valign": "vcenter"}))

    def note(self) -> Format:
        """Definitions and other running text."""
        return self._get("note", self._boxed({"text_wrap": True, "valign": "vcenter", "font_color": _TEXT}))

    def paragraph(self) -> Format:
        return self._get("paragraph", {"text_wrap": True, "valign": "top"})

    def number(self, decimals: int, derived: bool = False) -> Format:
        shape = "#,##0" + ("." + "0" * decimals if decimals else "")
        return self._get(f"n{decimals}{derived}", self._cell({"num_format": shape, "align": "right"}, derived))

    def text(self, derived: bool = False, wrapped: bool = False) -> Format:
        properties: dict[str, Any] = {"num_format": "@", "text_wrap": wrapped}
        return self._get(f"t{derived}{wrapped}", self._cell(properties, derived))

    def choice(self, derived: bool = False) -> Format:
        return self._get(f"c{derived}", self._cell({"align": "center"}, derived))

    def date(self) -> Format:
        return self._get("date", self._cell({"num_format": "yyyy-mm-dd", "align": "center"}, False))

    def beyond(self, field: RegisterField) -> Format | None:
        """Of a register's column below the prepared rows: what is typed there keeps its kind, without a box."""
        shapes = {FieldType.STRING: "@", FieldType.DATE: "yyyy-mm-dd"}
        shape = None if field.choices else shapes.get(field.type)
        return self._get(f"beyond{shape}", {"num_format": shape, "locked": False}) if shape else None

    def not_asked(self) -> Format:
        """A cell that the unit does not fill in: crossed out, so that it shows in print as well."""
        properties = {"pattern": 14, "fg_color": "#BFBFBF", "bg_color": "#FFFFFF"}
        return self._get("not_asked", self._boxed(properties))

    def _cell(self, properties: dict[str, Any], derived: bool) -> dict[str, Any]:
        """To be filled in, or (tinted and locked) computed by the program."""
        tint = {"bg_color": _DERIVED, "locked": True, "italic": True} if derived else {"locked": False}
        return self._boxed({"valign": "vcenter", **properties, **tint})

    def _boxed(self, properties: dict[str, Any]) -> dict[str, Any]:
        return {"border": 1, "border_color": _LINE, **properties}

    def _get(self, key: str, properties: dict[str, Any]) -> Format:
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]


def shown_width(text: str) -> int:
    """Columns that the longest line takes: a Chinese sign is as wide as two letters."""
    return max((sum(2 if ord(sign) > 0x2E7F else 1 for sign in line) for line in text.split("\n")), default=0)


def column_width(*texts: str, narrowest: float = NARROWEST, widest: float = WIDEST) -> float:
    """A width in which the longest of ``texts`` can be read."""
    return min(widest, max(narrowest, max(map(shown_width, texts), default=0) + 2.5))
