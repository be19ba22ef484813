"""What the parts of an xlsx say besides its cells: which sheet is where, and which styles are percentages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from xzdesk.tables.limits import MAX_SHEETS, damaged, too_large
from xzdesk.tables.sheet_xml import run

WORKBOOK: Final = "xl/workbook.xml"
_STYLES: Final = "xl/styles.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_QUOTED: Final = re.compile(r'"[^"]*"|\\.')
_BUILT_IN_PERCENT: Final = frozenset({"9", "10"})


def sheet_parts(members: Mapping[str, bytes]) -> dict[str, str]:
    """Part name by sheet name, worksheets and others. Raises ``UserError`` ``table.damaged``, ``table.too_large``."""
    targets: dict[str, str] = {}

    def relation(name: str, attributes: list[str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            found = dict(zip(attributes[::2], attributes[1::2], strict=True))
            targets[found.get("Id", "")] = found.get("Target", "")

    sheets: dict[str, str] = {}
    listed = 0

    def sheet(name: str, attributes: list[str]) -> None:
        nonlocal listed
        if name.rpartition(":")[2] != "sheet":
            return
        listed += 1
        if listed > MAX_SHEETS:
            raise too_large("里的工作表过多")
        found = {key.rpartition(":")[2]: value for key, value in zip(attributes[::2], attributes[1::2], strict=True)}
        sheets[found.get("name", "")] = _part_name(targets.get(found.get("id", ""), ""), members)

    run(_part(members, _RELATIONS), relation)
    run(_part(members, WORKBOOK), sheet)
    if len(sheets) != listed:
        raise damaged("工作表重名")
    return sheets


def percent_styles(members: Mapping[str, bytes]) -> frozenset[str]:
    """Indexes (as the cells write them) of the styles that show a number times 100 with a percent sign."""
    if _STYLES not in members:
        return frozenset()
    formats: set[str] = set(_BUILT_IN_PERCENT)
    styles: list[str] = []
    inside = False

    def start(name: str, attributes: list[str]) -> None:
        nonlocal inside
        local = name.rpartition(":")[2]
        if local == "numFmt":
            found = dict(zip(attributes[::2], attributes[1::2], strict=True))
            code = _QUOTED.sub("", found.get("formatCode", ""))
            (formats.add if "%" in code else formats.discard)(found.get("numFmtId", ""))
        elif local == "cellXfs":
            inside = True
        elif local == "xf" and inside:
            found = dict(zip(attributes[::2], attributes[1::2], strict=True))
            styles.append(found.get("numFmtId", "0"))

    def end(name: str) -> None:
        nonlocal inside
        if name.rpartition(":")[2] == "cellXfs":
            inside = False

    run(members[_STYLES], start, end=end)
    return frozenset(str(index) for index, style in enumerate(styles) if style in formats)


def shared_texts(members: Mapping[str, bytes]) -> bytes:
    """The part that holds the texts which cells share; empty when there is none."""
    found = [xml for xml in members.values() if re.search(rb"<(?:[\w.-]+:)?sst\b", xml[:4096])]
    if len(found) > 1:
        raise damaged("共享文字重复")
    return found[0] if found else b""


def _part_name(target: str, members: Mapping[str, bytes]) -> str:
    """Resolved as the office library does; whatever it might resolve otherwise is refused."""
    name = "xl/" + target.removeprefix("/").removeprefix("xl/")
    odd = target.startswith("/") and not target.startswith("/xl/")
    if odd or ".." in target or "//" in target or name not in members:
        raise damaged("工作表的位置不对")
    return name


def _part(members: Mapping[str, bytes], name: str) -> bytes:
    found = members.get(name)
    if found is None:
        raise damaged("缺少工作簿目录")
    return found
