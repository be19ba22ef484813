"""``import``: take packages, after a backup; take an import back; judge again what waits in quarantine."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import arrival_text, frame, output
from xzdesk.core.errors import UserError
from xzdesk.core.model import Level
from xzdesk.exchange.manifest import Kind
from xzdesk.services import exchanged, keep, receive
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session
from xzdesk.store.backup import Backup


@frame.command()
@click.argument("paths", nargs=-1, type=frame.FILE, metavar="[文件...]", help="数据包，或放着数据包的文件夹。")
@click.option("--release", metavar="单位", help="把隔离区里这个单位的包再判断一次（密钥核对以后）。")
@click.option("--undo", metavar="编号", help="撤销接收这个包，恢复到接收以前。")
@click.option("--list", "listed", is_flag=True, help="列出接收过的数据包。")
@click.option("--all", "everything", is_flag=True, help="列出每一处变动和问题，不只前几条。")
@frame.workspace_options
@frame.json_option
def command(
    paths: tuple[Path, ...],
    release: str | None,
    undo: str | None,
    listed: bool,
    everything: bool,
    workspace: Path,
    user: str | None,
    as_json: bool,
) -> None:
    """接收数据包：开通回复、上报包（上级用），任务包、回执包（下级用）。

    接收前先备份工作库。一个文件有问题不影响其他文件；有文件被拒绝或放进隔离区时退出码为 2。

    例： xzdesk-cli import /media/U盘 -w 区.xzdb
    """
    frame.one_of(("文件", paths), ("--release", release), ("--undo", undo), ("--list", listed))
    with frame.opened(workspace, user) as session:
        if listed:
            _list(session, as_json)
            return
        if not paths and not release and not undo:
            raise UserError("usage", "没有写要接收的文件。", "请写数据包或放着数据包的文件夹。")
        if undo:
            _undo(session, undo, as_json)
            return
        made = keep.back_up(session, progress=frame.progress())
        if release:
            session.require(Level.DISTRICT, Level.TOWN)
            arrived = receive.release(session, session.unit(release).code)
        else:
            arrived = receive.receive(session, paths, progress=frame.progress())
        _tell(session, arrived, paths, made, everything, as_json)
    if arrival_text.attention(arrived, paths):
        raise click.exceptions.Exit(frame.ATTENTION)


def _tell(
    session: Session, arrived: list[Arrived], paths: tuple[Path, ...], made: Backup, everything: bool, as_json: bool
) -> None:
    text = output.lines(
        f"接收前已备份：{made.path}",
        arrival_text.text(session, arrived, paths, dry_run=False, everything=everything)
        if arrived
        else "隔离区里没有它的包。",
        _following(session, arrived),
    )
    output.tell({"backup": made.path, **arrival_text.value(session, arrived)}, as_json, text)


def _following(session: Session, arrived: list[Arrived]) -> list[str]:
    """What comes next, by what came."""
    taken = [each for each in arrived if each.status in (Status.ACCEPTED, Status.KNOWN)]
    kinds = {each.kind for each in taken}
    lines = []
    if Kind.ENROLMENT in kinds:
        names = "、".join(session.catalogue.units[a.unit].name for a in taken if a.kind is Kind.ENROLMENT)
        lines.append(f"下一步：按通讯录上的号码打电话给{names}，用 trust 核对 30 位数字。")
    if Kind.SUBMISSION in kinds:
        lines.append("下一步：有问题的用 return 退回；写回执用 receipt --to 文件夹。撤销接收用 import --undo 编号。")
    if Kind.RECEIPT in kinds and any(each.effects.returned for each in taken):
        lines.append("下一步：改好退回的各处，再用 submit 上报。")
    if any(each.code == "chain.key_pending" for each in arrived):
        lines.append("下一步：用 trust 核对发件单位的密钥，再用 import --release 单位 放行。")
    return lines


def _undo(session: Session, id: str, as_json: bool) -> None:
    record = exchanged.find_received(session, id)
    made = keep.back_up(session, progress=frame.progress())
    receive.undo(session, record.id)
    name = session.catalogue.units[record.unit].name
    text = output.lines(
        f"撤销前已备份：{made.path}",
        f"已撤销接收{name}的第 {record.sequence} 包（编号 {record.id[:8]}），数据恢复到接收以前。",
        "需要时可以再次接收这个文件。",
    )
    output.tell({"undone": record.id, "backup": made.path}, as_json, text)


def _list(session: Session, as_json: bool) -> None:
    found = exchanged.received(session)
    names = {code: unit.name for code, unit in session.catalogue.units.items()}
    rows = [
        (
            record.id[:8],
            names.get(record.unit, record.unit),
            Kind(record.kind).label,
            record.sequence,
            record.period or "",
            exchanged.STATUS_WORDS[record.status],
            output.moment(record.recorded_at),
            record.recorded_by,
        )
        for record in found
    ]
    value = [
        {
            "id": record.id,
            "unit": record.unit,
            "kind": record.kind,
            "epoch": record.epoch,
            "sequence": record.sequence,
            "period": record.period,
            "status": record.status,
            "cause": record.cause,
            "at": record.recorded_at,
            "by": record.recorded_by,
        }
        for record in found
    ]
    columns = ("编号", "发件单位", "种类", "第几包", "期", "状态", "接收时间", "经办")
    text = output.table("", columns, rows, figures=(3,)) if rows else "还没有接收过数据包。"
    output.tell({"packages": value}, as_json, text)
