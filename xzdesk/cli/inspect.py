"""``inspect``: what an import would do, or what is inside one package. Changes nothing."""

from __future__ import annotations

from pathlib import Path

import click

from xzdesk.cli import arrival_text, frame, output
from xzdesk.core.errors import UserError
from xzdesk.exchange.unpack import Opened
from xzdesk.services import outgoing, receive, stick
from xzdesk.services.session import Session


@frame.command()
@click.argument(
    "paths", nargs=-1, required=True, type=frame.FILE, metavar="文件...", help="数据包，或放着数据包的文件夹。"
)
@click.option("--inside", is_flag=True, help="只看一个数据包里有什么（清单、各部分、签名），不与本机比较。")
@click.option("--all", "everything", is_flag=True, help="列出每一处变动和问题，不只前几条。")
@frame.workspace_options
@frame.json_option
def command(
    paths: tuple[Path, ...], inside: bool, everything: bool, workspace: Path, user: str | None, as_json: bool
) -> None:
    """试读数据包：谁发的、链条是否完整、与已接收的相比变了什么、哪些规则不符。什么都不改动。

    有文件会被拒绝或放进隔离区时退出码为 2。

    例： xzdesk-cli inspect /media/U盘 -w 区.xzdb
    """
    with frame.opened(workspace, user) as session:
        if inside:
            _inside(session, paths, as_json)
            return
        arrived = receive.receive(session, paths, dry_run=True, progress=frame.progress())
        text = output.lines(
            arrival_text.text(session, arrived, paths, dry_run=True, everything=everything),
            "这是试读，什么都没有改动。要接收请用 import。",
        )
        output.tell(arrival_text.value(session, arrived), as_json, text)
    if arrival_text.attention(arrived, paths):
        raise click.exceptions.Exit(frame.ATTENTION)


def _inside(session: Session, paths: tuple[Path, ...], as_json: bool) -> None:
    if len(paths) != 1 or paths[0].is_dir():
        raise UserError("usage", "--inside 一次只看一个数据包文件。", "请写一个文件。")
    opened = receive.open_for(session, stick.read_file(paths[0]))
    manifest = opened.manifest
    signer = _signer(session, opened)
    parts = [(entry.name, entry.media_type.value, entry.rows, entry.size) for entry in manifest.parts]
    value = {
        "id": opened.id,
        "kind": manifest.kind,
        "sender": {"unit": manifest.sender.unit, "key_id": manifest.sender.key_id, "epoch": manifest.sender.epoch},
        "receiver": {"unit": manifest.receiver.unit, "key_id": manifest.receiver.key_id},
        "period": manifest.period or None,
        "sequence": manifest.sequence,
        "previous": manifest.previous,
        "created": manifest.created,
        "signer": signer,
        "totals": manifest.totals,
        "parts": [dict(zip(("name", "media_type", "rows", "bytes"), part, strict=True)) for part in parts],
        "unknown": opened.unknown,
    }
    text = output.lines(
        f"{manifest.kind.label}，编号 {opened.id[:8]}，第 {manifest.sequence} 包{_period(manifest.period)}。",
        f"由{_name(session, manifest.sender.unit)}发给{_name(session, manifest.receiver.unit)}，"
        f"封装于 {output.moment(manifest.created)}（对方电脑的时间）。",
        f"签名：{_SIGNERS[signer]}",
        output.table("", ("部分", "类型", "行数", "字节"), parts, figures=(2, 3))
        if parts
        else "包里只有清单，没有数据。",
    )
    output.tell(value, as_json, text)


_SIGNERS = {
    "known": "正确，由本机登记的密钥签名。",
    "own": "正确，由本单位签名。",
    "carried": "与包里自带的密钥相符；这把密钥本机没有登记，没有电话核对以前不能证明是谁。",
}


def _signer(session: Session, opened: Opened) -> str:
    if opened.carried is None:
        return "known"
    return "own" if opened.carried.key_id == outgoing.own_key(session).key_id else "carried"


def _period(period: str) -> str:
    return f"，{period}" if period else ""


def _name(session: Session, code: str) -> str:
    unit = session.catalogue.units.get(code)
    return unit.name if unit else code
