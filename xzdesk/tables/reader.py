"""Reads a table file that may come from anyone: xlsx, ods, xls or CSV, told from its bytes.

Every file is measured before the office library (calamine) sees it, and the library is given a copy built anew. What
it raises, panics included, becomes a ``UserError`` that says how to save the file again.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Final

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from xzdesk.core.errors import UserError
from xzdesk.tables import archive, package, xls_records
from xzdesk.tables.content import as_decimal
from xzdesk.tables.csv_text import read_csv
from xzdesk.tables.limits import MAX_AREA, MAX_CELLS, MAX_FILE, MAX_TEXT, damaged, too_large
from xzdesk.tables.numbers import plain
from xzdesk.tables.sheet_xml import (
    SheetFacts,
    check_marks,
    far_cell,
    longest_shared,
    scan_ods,
    scan_xlsx,
    shared_lengths,
)
from xzdesk.tables.table import Broken, Raw, Sheet, Table

_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[!?a-zA-Z])")
_OTHER: Final = (b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"MZ")
_DIMENSION: Final = re.compile(rb"<(?:[\w.-]+:)?dimension\s[^<>]*/>")
"""What a sheet claims about its size: often wrong, and the library would believe it."""
_UNCALCULATED: Final = "公式还没有算出结果"
_SAVE_AGAIN: Final = "请用 WPS 或 Excel 打开，另存为“Excel 工作簿（.xlsx）”后再导入。"


def read_table(data: bytes, filename: str) -> Table:
    """All sheets of a file, cell by cell. ``filename`` only serves messages and names the sheet of a CSV.

    Raises ``UserError``: ``table.empty``, ``table.too_large``, ``table.damaged``, ``table.password``,
    ``table.markup`` (a web page that calls itself .xls), ``table.other_format``, ``table.encoding``,
    ``table.unreadable``.
    """
    name = PurePath(filename.replace("\\", "/")).name
    if not data.strip(b"\0 \t\r\n"):
        raise UserError("table.empty", f"文件“{name}”是空的。", "请确认文件已经保存，或重新拷贝一次。")
    if len(data) > MAX_FILE:
        raise too_large(f"超过 {MAX_FILE // 1024 // 1024} MB")
    if data.startswith(_ZIP):
        return _zipped(data, name)
    if data.startswith(xls_records.MAGIC):
        return Table(name, "xls", _xls(data))
    if _MARKUP.match(data[:200]):
        raise UserError("table.markup", f"文件“{name}”其实是网页（HTML/XML），只是名字像表格。", _SAVE_AGAIN)
    if data.startswith(_OTHER):
        raise UserError("table.other_format", f"文件“{name}”不是表格。", "请选择 .xlsx、.xls、.ods 或 .csv 文件。")
    stem = PurePath(name).stem or name
    return Table(name, "csv", (Sheet(stem[:31], [list[Raw](row) for row in read_csv(data)]),))


def _zipped(data: bytes, name: str) -> Table:
    names = {member.replace("\\", "/").lstrip("/").lower() for member in archive.member_names(data)}
    if package.WORKBOOK in names:
        return Table(name, "xlsx", _xlsx(archive.inflate(data)))
    if "xl/workbook.bin" in names:
        raise UserError("table.other_format", f"文件“{name}”是二进制工作簿（.xlsb）。", _SAVE_AGAIN)
    if "content.xml" in names:
        return Table(name, "ods", _ods(archive.inflate(data), name))
    raise UserError("table.other_format", f"文件“{name}”不是表格。", "请选择 .xlsx、.xls、.ods 或 .csv 文件。")


def _xlsx(members: Mapping[str, bytes]) -> tuple[Sheet, ...]:
    check_marks(members.values())
    parts = package.sheet_parts(members)
    percents = package.percent_styles(members)
    scanned = {part: scan_xlsx(members[part], percents) for part in set(parts.values())}
    facts = {sheet: scanned[part] for sheet, part in parts.items()}
    _check_sizes(facts)
    _check_shared(members, parts, facts)
    believed = dict(members)
    for part in scanned:
        believed[part] = _DIMENSION.sub(b"", members[part], count=1)
    return _read(archive.rebuild(believed), facts)


def _check_sizes(facts: Mapping[str, SheetFacts]) -> None:
    for name, sheet in facts.items():
        if sheet.area > MAX_AREA:
            raise too_large(
                f"的“{name}”表一直延伸到 {far_cell(sheet)}",
                "多半是远处有零星内容。请删去不用的行和列，或把需要的内容复制到新的工作簿里再导入。",
            )
    if sum(sheet.area for sheet in facts.values()) > MAX_AREA:
        raise too_large("里的格子过多")
    if sum(sheet.cells for sheet in facts.values()) > MAX_CELLS:
        raise too_large("里填了字的格子过多")


def _check_shared(members: Mapping[str, bytes], parts: Mapping[str, str], facts: Mapping[str, SheetFacts]) -> None:
    """Few long texts that many cells share unfold to far more than the file's size."""
    shared = package.shared_texts(members)
    if sum(sheet.shared for sheet in facts.values()) * longest_shared(shared) <= MAX_TEXT:
        return
    lengths = shared_lengths(shared)
    text = 0
    for part in parts.values():
        text += scan_xlsx(members[part], (), lengths).text
        if text > MAX_TEXT:
            raise too_large("里的文字过多")


def _ods(members: Mapping[str, bytes], name: str) -> tuple[Sheet, ...]:
    if b"opendocument.spreadsheet" not in members.get("mimetype", b"") + members.get("META-INF/manifest.xml", b""):
        raise UserError("table.other_format", f"文件“{name}”不是表格。", "请选择 .xlsx、.xls、.ods 或 .csv 文件。")
    if b"encryption-data" in members.get("META-INF/manifest.xml", b""):
        raise _password()
    check_marks(members.values())
    if "content.xml" not in members:
        raise damaged("缺少内容")
    tables = scan_ods(members["content.xml"])
    _check_sizes({f"第{number}张": facts for number, facts in enumerate(tables, 1)})
    if sum(facts.text for facts in tables) > MAX_TEXT:
        raise too_large("里的文字过多")
    return _read(archive.rebuild(members), tables)


def _xls(data: bytes) -> tuple[Sheet, ...]:
    facts = xls_records.measure(data)
    if facts.encrypted:
        raise _password()
    if facts.area > MAX_AREA or facts.cells > MAX_CELLS or facts.text > MAX_TEXT:
        raise too_large("里的格子过多或文字过多")
    return _read(data, {})


def _read(data: bytes, facts: Mapping[str, SheetFacts] | Sequence[SheetFacts]) -> tuple[Sheet, ...]:
    """Hand the measured file to the library. ``facts`` by sheet name, or in the order of the sheets."""
    sheets: list[Sheet] = []
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            for index, metadata in enumerate(workbook.sheets_metadata):
                if metadata.typ is not SheetTypeEnum.WorkSheet:
                    continue
                rows: list[list[Raw]] = list(
                    map(list[Raw], workbook.get_sheet_by_index(index).to_python(skip_empty_area=False))
                )
                hidden = metadata.visible is not SheetVisibleEnum.Visible
                sheets.append(Sheet(metadata.name, rows, hidden))
                known = facts.get(metadata.name) if isinstance(facts, Mapping) else facts[index]
                if known is not None:
                    _restore(rows, known)
    except PasswordError as error:
        raise _password() from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        raise damaged("读取中断") from error
    return tuple(sheets)


def _restore(rows: list[list[Raw]], facts: SheetFacts) -> None:
    """Put back what the library dropped: percent signs, error marks, formulas without a result."""
    for row, column in facts.percents:
        number = _at(rows, row, column)
        if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1e15:
            rows[row][column] = f"{plain(as_decimal(number) * 100)}%"
    broken = {place: _UNCALCULATED for place in facts.formulas if _at(rows, *place) == ""}
    for (row, column), text in (broken | facts.errors).items():
        while len(rows) <= row:
            rows.append([])
        while len(rows[row]) <= column:
            rows[row].append("")
        rows[row][column] = Broken(text or "#错误")


def _at(rows: list[list[Raw]], row: int, column: int) -> Raw:
    return rows[row][column] if 0 <= row < len(rows) and 0 <= column < len(rows[row]) else ""


def _password() -> UserError:
    return UserError("table.password", "文件设了打开密码。", "请在 WPS 或 Excel 里取消打开密码，保存后再导入。")
