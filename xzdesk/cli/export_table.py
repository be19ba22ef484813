"""``export-table``: the workbook that is filled in outside the program."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.services import export_table


@frame.command()
@click.argument("period", metavar="月份", help="例如 2026-10。")
@click.option("--to", type=frame.FILE, required=True, metavar="位置", help="写到这个文件夹，或这个 .xlsx 文件。")
@click.option("--unit", metavar="单位", help="只要这个单位的表；不写时为本单位填报的全部。")
@click.option("--empty", is_flag=True, help="不带已填的数。")
@click.option("--baseline", is_flag=True, help="带期初数的表。")
@click.option("--replace", is_flag=True, help="已有同名文件时覆盖它。")
@frame.workspace_options
@frame.json_option
def command(
    period: str,
    to: Path,
    unit: str | None,
    empty: bool,
    baseline: bool,
    replace: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """导出填报表格（xlsx），填好后用 import-table 读回。

    表格不加密，台账里可能有个人信息，请妥善保管，用后删除。

    例： xzdesk-cli export-table 2026-10 --to . -w 镇.xzdb
    """
    with frame.opened(workspace, user) as session:
        month = session.month(period)
        office = session.unit(unit) if unit else None
        path = to / export_table.suggested_name(office or session.office, month) if to.is_dir() else to
        if path.suffix.lower() != ".xlsx" or not path.parent.is_dir():
            raise UserError("export.place", f"“{to.name or to}”不是文件夹，也不是 .xlsx 文件。", "请核对 --to 的位置。")
        if path.exists() and not replace:
            # It may be the one that somebody has just filled in.
            raise UserError(
                "export.exists",
                f"“{path.name}”已经存在，可能已经填过，没有覆盖。",
                "请先读回或移走，或用 --to 另写一个文件名；确实不要了，加 --replace 覆盖。",
            )
        written = export_table.export_table(session, path, month, unit=office, filled=not empty, baseline=baseline)
        text = output.lines(
            f"已写出 {written}。",
            "表格不加密，可能含个人信息，请妥善保管，用后删除。",
            f"下一步：填好后读回：xzdesk-cli import-table {written.name} {month}",
        )
        output.tell({"path": written}, as_json, text)
