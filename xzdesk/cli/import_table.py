"""``import-table``: what a filled workbook or CSV would change, and taking it over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xzdesk.cli import frame, output
from xzdesk.services import import_table, keep
from xzdesk.services.check import value_text
from xzdesk.services.record import Recorded
from xzdesk.services.session import Session
from xzdesk.tables.table import CellChange, Plan

SHOWN = 20


@frame.command()
@click.argument("path", type=frame.FILE, metavar="文件", help="填好的表格：xlsx、xls、ods 或 csv。")
@click.argument("period", metavar="月份", help="填的是哪个月，例如 2026-10。")
@click.option("--dry-run", is_flag=True, help="只试读，列出每处变动和换算，什么都不保存。")
@click.option("--partly", is_flag=True, help="有读不出的格时，其余的照样保存。")
@click.option("--reason", default="", metavar="理由", help="改动已上报月份的理由。")
@click.option("--all", "everything", is_flag=True, help="列出每一处，不只前几条。")
@frame.workspace_options
@frame.json_option
def command(
    path: Path,
    period: str,
    dry_run: bool,
    partly: bool,
    reason: str,
    everything: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """读入填好的表格。先试读；全部读得懂才保存，一次保存全部。

    行移动过、列加过、标题合并过都不要紧；1,234、2.5万、12亩、90% 这样的写法会换算并说明。
    有读不出的格时不保存，退出码为 2；加 --partly 则保存其余的。

    例： xzdesk-cli import-table 临溪镇_2026-10_填报表.xlsx 2026-10 --dry-run -w 镇.xzdb
    """
    frame.one_of(("--dry-run", dry_run), ("--partly", partly))
    with frame.opened(workspace, user) as session:
        month = session.month(period)
        plan = import_table.dry_run(session, path, month)
        recorded, saved_to = None, None
        if not dry_run and (partly or not plan.findings) and (plan.cells or plan.rows):
            saved_to = keep.back_up(session, progress=frame.progress()).path
            recorded = import_table.apply(session, plan, reason)
        text = output.lines(
            f"保存前已备份：{saved_to}" if saved_to else None,
            _plan(session, plan, None if everything else SHOWN),
            _done(plan, recorded, dry_run, str(month)),
        )
        output.tell(_value(plan, recorded, saved_to), as_json, text)
    if plan.findings:
        raise click.exceptions.Exit(frame.ATTENTION)


def _done(plan: Plan, recorded: Recorded | None, dry_run: bool, month: str) -> str:
    if recorded is not None:
        corrections = f"，其中更正 {len(recorded.corrections)} 处" if recorded.corrections else ""
        left = f"，读不出的 {len(plan.findings)} 处没有保存" if plan.findings else ""
        saved = f"已保存 {len(recorded.cells)} 格、{len(recorded.rows)} 行{corrections}{left}。"
        return f"{saved}\n下一步：xzdesk-cli check {month}"
    if not plan.cells and not plan.rows:
        return "没有要保存的变动。"
    if dry_run:
        return "这是试读，什么都没有保存。要保存请去掉 --dry-run。"
    return "有读不出的格，什么都没有保存。请改好表格再读；或加 --partly 保存其余的。"


def _plan(session: Session, plan: Plan, shown: int | None) -> list[str]:
    lines = [
        f"数据值变动 {len(plan.cells)} 格，台账变动 {len(plan.rows)} 行，未变 {plan.unchanged} 处，"
        f"读不出 {len(plan.findings)} 处。"
    ]
    lines += _some([f"  读不出：{finding.text()}" for finding in plan.findings], shown)
    lines += _some([f"  {_cell(session, change)}" for change in plan.cells], shown)
    for change in plan.rows:
        lines += [f"  “{change.sheet}”表第 {change.number} 行：{conversion}" for conversion in change.conversions]
    return lines + _some([f"  提示：{note.text()}" for note in plan.notes], shown)


def _cell(session: Session, change: CellChange) -> str:
    unit, element = session.catalogue.units[change.ref.unit], session.catalogue.elements[change.ref.element]
    before, after = (value_text(session, change.ref, value) for value in (change.before, change.value))
    told = f"（{'；'.join(change.conversions)}）" if change.conversions else ""
    place = f"“{change.sheet}”表 {change.cell}"
    return f"{place}：{unit.name} {element.name} {change.ref.period.label()} {before} → {after}{told}"


def _some(lines: list[str], shown: int | None) -> list[str]:
    if shown is None or len(lines) <= shown:
        return lines
    return [*lines[:shown], f"  ……另有 {len(lines) - shown} 处，用 --all 查看全部。"]


def _value(plan: Plan, recorded: Recorded | None, saved_to: Path | None) -> dict[str, Any]:
    return {
        "cells": plan.cells,
        "rows": plan.rows,
        "findings": plan.findings,
        "notes": plan.notes,
        "unchanged": plan.unchanged,
        "saved": None
        if recorded is None
        else {"cells": recorded.cells, "rows": len(recorded.rows), "corrections": recorded.corrections},
        "backup": saved_to,
    }
