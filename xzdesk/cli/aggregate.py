"""``aggregate``: the indicators of a month against the plan, what one is made of, and who has not handed in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.core.findings import figure as digits
from xzdesk.core.indicators import Figure
from xzdesk.core.model import Indicator, Level
from xzdesk.core.targets import STATE_RULES, Reference
from xzdesk.services import aggregate, exchanged
from xzdesk.services.aggregate import Overview, Row
from xzdesk.services.session import Session


@frame.command()
@click.argument("period", metavar="月份", help="例如 2026-10。")
@click.option("--unit", metavar="单位", help="看这个镇、街道或村；不写时为本单位。")
@click.option("--indicator", metavar="指标", help="只看这个指标（名称、代码或附件序号），并列出各下级的数。")
@click.option("--who", is_flag=True, help="谁没交：各下级这个月的上报包到了没有。")
@click.option("--rules", is_flag=True, help="说明“跟得上、略慢、落后”怎样判定。")
@frame.workspace_options
@frame.json_option
def command(
    period: str,
    unit: str | None,
    indicator: str | None,
    who: bool,
    rules: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """计算一个月的指标，对照规划目标。

    规划没有公布目标的年份按直线内插，标明“参考”，不是目标。

    例： xzdesk-cli aggregate 2026-10 --indicator 5 -w 区.xzdb
    """
    frame.one_of(("--who", who), ("--indicator", indicator))
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT, Level.TOWN)
        month = session.month(period)
        if who:
            _who(session, period, as_json)
            return
        overview = aggregate.aggregate(session, month, session.unit(unit) if unit else None)
        if indicator:
            rows = [overview_row(overview, each) for each in named(session, indicator)]
            text = output.lines(_detail(session, row) for row in rows)
        else:
            rows = list(overview.rows)
            office = session.catalogue.units[overview.unit]
            text = overview_table(f"{office.name} {month.label()} 指标 {len(rows)} 项", overview)
        told = STATE_RULES if rules else ()
        value = {"unit": overview.unit, "period": month, "indicators": [row_value(row) for row in rows]}
        output.tell({**value, "rules": told}, as_json, output.lines(text, told))


def named(session: Session, name: str) -> list[Indicator]:
    """The indicators of this code, name or number in the annex (a composite row has two).

    Raises ``UserError`` ``indicator.unknown``.
    """
    found = [
        each
        for each in session.catalogue.indicators.values()
        if name in (each.code, each.name, "" if each.annex_number is None else str(each.annex_number))
    ]
    if not found:
        raise UserError(
            "indicator.unknown",
            f"没有指标“{name[:30]}”。",
            "请写指标的全名、代码或附件里的序号；用 aggregate 查看全部。",
        )
    return found


def overview_row(overview: Overview, indicator: Indicator) -> Row:
    """Raises ``UserError`` ``indicator.not_here`` where the indicator does not apply to the unit."""
    try:
        return overview.row(indicator.code)
    except KeyError:
        raise UserError(
            "indicator.not_here", f"“{indicator.name}”不在这个单位统计。", "请看区级，或由它统计的镇、街道。"
        ) from None


def overview_table(title: str, overview: Overview) -> str:
    """The indicators of an office, a line each."""
    rows = []
    for row in overview.rows:
        standing = row.standing
        rows.append(
            (
                row.annex_number or "",
                row.name,
                _number(standing.figure.value),
                row.unit,
                standing.figure.basis,
                _reference(standing.reference),
                _next(row),
                standing.words,
                _number(standing.lacking),
                _number(standing.monthly),
            )
        )
    columns = ("序号", "指标", "现值", "单位", "时间", "本期参考", "下一目标", "状态", "到年末还差", "每月需")
    return output.table(title, columns, rows, figures=(0, 2, 8, 9), spare=(4, 6, 9))


def _number(value: Any) -> str:
    return "—" if value is None else digits(value)


def _reference(reference: Reference | None) -> str:
    return "—" if reference is None else f"{digits(reference.value)} {reference.words}"


def _next(row: Row) -> str:
    if row.standing.text:
        return row.standing.text
    target = row.standing.next_target
    return "—" if target is None else f"{target.year}年 {target.text}"


def _detail(session: Session, row: Row) -> str:
    figure = row.standing.figure
    made = f"{digits(figure.numerator)}" + ("" if figure.denominator is None else f" ÷ {digits(figure.denominator)}")
    parts = [
        (
            session.catalogue.units[part.unit].name,
            _number(part.value),
            digits(part.numerator),
            "" if part.denominator is None else digits(part.denominator),
            f"{part.known}/{part.asked}",
            part.missing,
        )
        for part in row.parts
    ]
    definition = session.catalogue.indicators[row.indicator].definition
    return output.lines(
        f"{row.name}：{_number(figure.value)}{row.unit}（{figure.basis}，由 {made} 得出），{row.standing.words}。",
        f"本期{_reference(row.standing.reference)}，下一目标 {_next(row)}。",
        _foreseen(row),
        f"口径：{definition}" if definition else None,
        [f"规划正文另有：{goal.goal} {goal.value}{goal.unit}（{goal.by}）。" for goal in row.body],
        output.table("", ("单位", "现值", "分子", "分母", "有数的单位", "缺数"), parts, figures=(1, 2, 3, 4, 5))
        if parts
        else None,
    )


def _foreseen(row: Row) -> str:
    foreseen = row.forecast
    if foreseen.value is None:
        return f"预测：{foreseen.basis}"
    return f"预测{foreseen.until.year}年末 {digits(foreseen.value)}{row.unit}：{foreseen.basis}"


def row_value(row: Row) -> dict[str, Any]:
    """One indicator as JSON: figures as they are published."""
    standing = row.standing
    return {
        "indicator": row.indicator,
        "annex_number": row.annex_number,
        "name": row.name,
        "unit": row.unit,
        **figure_value(standing.figure),
        "state": standing.state,
        "text": standing.text,
        "reference": _reference_value(standing.reference),
        "year_end": _reference_value(standing.year_end),
        "forecast": {"until": row.forecast.until, "value": row.forecast.value, "basis": row.forecast.basis},
        "next_target": None
        if standing.next_target is None
        else {
            "year": standing.next_target.year,
            "value": standing.next_target.value,
            "text": standing.next_target.text,
        },
        "completion": standing.completion,
        "pace": standing.pace,
        "lacking": standing.lacking,
        "monthly": standing.monthly,
        "parts": [{"office": part.unit, **figure_value(part)} for part in row.parts],
        "body": [{"goal": goal.goal, "value": goal.value, "unit": goal.unit, "by": goal.by} for goal in row.body],
    }


def figure_value(figure: Figure) -> dict[str, Any]:
    """One figure as JSON, with what it is made of."""
    return {
        "value": figure.value,
        "exact": figure.exact,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "as_of": figure.as_of,
        "basis": figure.basis,
        "final": figure.final,
        "known": figure.known,
        "asked": figure.asked,
        "missing": figure.missing,
    }


def _reference_value(reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    return {"value": reference.value, "origin": reference.origin, "is_target": reference.is_target}


def _who(session: Session, period: str, as_json: bool) -> None:
    month = session.month(period)
    found = exchanged.handed_in(session, month)
    missing = [unit for unit, record in found if record is None]
    rows = [
        (
            unit.name,
            "没交" if record is None else f"第 {record.sequence} 包",
            output.moment(record.recorded_at) if record else "",
        )
        for unit, record in found
    ]
    text = output.lines(
        output.table(f"{month.label()}上报", ("单位", "上报", "接收时间"), rows),
        f"没交 {len(missing)} 个：{'、'.join(unit.name for unit in missing)}。" if missing else "都交了。",
    )
    value = [
        {
            "unit": unit.code,
            "name": unit.name,
            "package": record.id if record else None,
            "sequence": record.sequence if record else None,
            "received_at": record.recorded_at if record else None,
        }
        for unit, record in found
    ]
    output.tell({"period": month, "handed_in": value}, as_json, text)
