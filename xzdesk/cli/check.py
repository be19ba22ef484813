"""``check``: every finding of a month, and reasons for the soft ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from xzdesk.cli import frame, lookup, output
from xzdesk.core.errors import UserError
from xzdesk.core.model import Finding, Level, Severity
from xzdesk.core.periods import Period
from xzdesk.services import check, finding_text, submit
from xzdesk.services.check import CheckResult
from xzdesk.services.session import Session

SEVERITY_WORDS = {Severity.HARD: "必须改正", Severity.SOFT: "需要说明"}
PREFIX = 8
"""Characters of a finding's mark that are shown and taken for it."""


@frame.command()
@click.argument("period", metavar="月份", help="例如 2026-10。")
@click.option("--unit", "units", multiple=True, metavar="单位", help="只看这个单位，可写几次。")
@click.option(
    "--reason", "given", nargs=2, multiple=True, metavar="标记 说明", help="给这一条（标记见表）写说明，可写几次。"
)
@frame.workspace_options
@frame.json_option
def command(
    period: str,
    units: tuple[str, ...],
    given: tuple[tuple[str, str], ...],
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """审核一个月，给提示性问题写说明。

    必须改正的要改到没有；需要说明的，改正，或写明具体原因（只写“核实无误”不行）。
    可以上报时退出码为 0，还有问题时为 2。

    例： xzdesk-cli check 2026-10 --reason 3f2a91c0 "6户整体拆迁，见镇拆迁办名单" -w 镇.xzdb
    """
    with frame.opened(workspace, user) as session:
        month = session.month(period)
        offices = lookup.units(session, units) or None
        result = check.check(session, month, offices)
        for mark, reason in given:
            check.give_reason(session, _find(result, mark), reason)
        if given:
            result = check.check(session, month, offices)
        blocked = _blocked(session, result) if offices is None else None
        output.tell(_value(result, blocked), as_json, _text(session, result, blocked))
    if blocked or not result.ready:
        raise click.exceptions.Exit(frame.ATTENTION)


def _find(result: CheckResult, mark: str) -> Finding:
    found = [f for f in result.findings if len(mark) >= PREFIX and f.fingerprint.startswith(mark)]
    if len(found) != 1:
        raise UserError(
            "check.unknown_mark",
            f"没有标记为“{mark[:20]}”的问题。",
            f"请照审核结果里的标记写，至少 {PREFIX} 位；数据改动后标记会变，请重新审核。",
        )
    return found[0]


def _blocked(session: Session, result: CheckResult) -> UserError | None:
    """What stands in the way of handing the month in although the month itself is clean, such as a month before it."""
    if not result.ready or session.level is Level.DISTRICT:
        return None
    try:
        submit.demand_ready(session, result.period)
    except UserError as error:
        return error
    return None


def _value(result: CheckResult, blocked: UserError | None) -> dict[str, Any]:
    return {
        "period": result.period,
        "ready": result.ready and blocked is None,
        "blocked": blocked and output.of_error(blocked),
        "filled": result.filled,
        "asked": result.asked,
        "hard": len(result.hard),
        "unexplained": len(result.unexplained),
        "findings": [
            {**output.plain(finding), "reason": result.reasons.get(finding.fingerprint)} for finding in result.findings
        ],
    }


def _text(session: Session, result: CheckResult, blocked: UserError | None) -> str:
    rows = [
        (
            finding.fingerprint[:PREFIX],
            SEVERITY_WORDS[finding.severity],
            finding_text.where(session, finding),
            finding.message,
            result.reasons.get(finding.fingerprint) or finding.hint,
        )
        for finding in result.findings
    ]
    state = (
        f"{result.period.label()}：应填 {result.asked} 格，已填 {result.filled} 格；"
        f"必须改正 {len(result.hard)} 处，还要说明 {len(result.unexplained)} 处。"
    )
    following = [blocked.message, blocked.hint] if blocked else []
    if result.ready and not blocked:
        following = [_following(session, result.period)]
    return output.lines(
        output.table("审核结果", ("标记", "要求", "何处", "问题", "怎样改／说明"), rows) if rows else None,
        state,
        following,
    )


def _following(session: Session, period: Period) -> str:
    if session.level is Level.DISTRICT:
        return f"下一步：xzdesk-cli aggregate {period}"
    return f"可以上报：xzdesk-cli submit {period} --reviewer 复核人 --to 文件夹"
