"""How packages that came in are told: what became of each, what changed, what the checks say, what looks odd."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xzdesk.cli import output
from xzdesk.core.changes import CellDifference
from xzdesk.core.model import CellRef, Severity
from xzdesk.core.observations import Content, to_value
from xzdesk.services import finding_text
from xzdesk.services.check import value_text
from xzdesk.services.effects import Effects
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session

FOR_OTHERS = "package.not_for_us"
SHOWN = 10
"""Lines of each kind that are shown unless all are asked for."""

STATUS_WORDS = {
    Status.ACCEPTED: "已接收",
    Status.KNOWN: "以前收过，没有变化",
    Status.QUARANTINED: "放在隔离区，没有采用",
    Status.REFUSED: "已拒绝，没有留下任何内容",
    Status.OWN: "跳过",
}
DRY_WORDS = {
    **STATUS_WORDS,
    Status.ACCEPTED: "可以接收",
    Status.QUARANTINED: "会放在隔离区",
    Status.REFUSED: "会被拒绝",
}


def attention(arrived: Sequence[Arrived], paths: Sequence[Path]) -> bool:
    """Whether something was refused or waits: the user has to see to it.

    A package for somebody else that merely lies in a folder of ``paths`` needs nobody: one stick serves many offices.
    """
    others = _for_others(arrived, paths)
    return any(each.status in (Status.QUARANTINED, Status.REFUSED) and each not in others for each in arrived)


def _for_others(arrived: Sequence[Arrived], paths: Sequence[Path]) -> list[Arrived]:
    named = {path.name for path in paths if not path.is_dir()}
    return [each for each in arrived if each.code == FOR_OTHERS and each.file not in named]


def text(
    session: Session, arrived: Sequence[Arrived], paths: Sequence[Path], *, dry_run: bool, everything: bool
) -> str:
    """One paragraph each; those for somebody else in a folder of ``paths`` together in one."""
    words = DRY_WORDS if dry_run else STATUS_WORDS
    others = _for_others(arrived, paths)
    ours = [each for each in arrived if each not in others]
    blocks = [_one(session, each, words[each.status], None if everything else SHOWN) for each in ours]
    if others:
        names = "、".join(each.file for each in others)
        blocks.append(f"不是发给本单位的（或者文件头已损坏，打不开），没有读取：{names}。")
    counts = [
        f"{words[status].partition('，')[0]} {number} 个"
        for status in Status
        if (number := sum(each.status is status for each in ours))
    ]
    counts += [f"不是发给本单位的 {len(others)} 个"] if others else []
    return output.lines(blocks, f"共 {len(arrived)} 个文件：{'，'.join(counts)}。")


def _one(session: Session, arrived: Arrived, word: str, shown: int | None) -> str:
    unit = session.catalogue.units.get(arrived.unit)
    what = " ".join(
        part
        for part in (
            unit.name if unit else arrived.unit,
            arrived.kind.label if arrived.kind else "",
            arrived.period.label() if arrived.period else "",
            f"第 {arrived.sequence} 包" if arrived.sequence else "",
            f"编号 {arrived.id[:8]}" if arrived.id else "",
        )
        if part
    )
    return output.lines(
        f"{arrived.file}：{word}。{what}",
        _indented(arrived.message),
        _indented(arrived.hint),
        _effects(session, arrived.effects, shown),
    )


def _indented(message: str) -> str | None:
    return f"  {message}" if message else None


def _effects(session: Session, effects: Effects, shown: int | None) -> list[str]:
    lines: list[str] = []
    if effects.cells or effects.unchanged_cells:
        lines.append(f"  数据值：变动 {len(effects.cells)} 格，未变 {effects.unchanged_cells} 格。")
        lines += _some([f"    {_cell(session, cell)}" for cell in effects.cells], shown)
    for register, counts in effects.rows.items():
        if not (counts.new or counts.changed or counts.unchanged or counts.unknown):
            continue
        schema = session.catalogue.registers.get(register)
        lines.append(
            f"  台账 {schema.title if schema else register}：新增 {counts.new}，修改 {counts.changed}，"
            f"未变 {counts.unchanged}{f'，本机另有 {counts.unknown} 行对方没有' if counts.unknown else ''}。"
        )
    lines += _findings(session, effects, shown)
    lines += _some([f"  留意：{oddity}" for oddity in effects.oddities], shown)
    lines += [f"  隔离 {number} 行：{cause}。" for cause, number in effects.bad_rows.items()]
    for number, sentence in (
        (effects.corrections, "  带来更正 {} 处。"),
        (effects.mended, "  以前退回的 {} 处已经改过。"),
        (effects.returned, "  退回要改的 {} 处，用 return --list 查看。"),
        (effects.acknowledged, "  上级确认收到本单位的 {} 个数据包。"),
    ):
        if number:
            lines.append(sentence.format(number))
    if effects.older_units:
        names = [u.name if (u := session.catalogue.units.get(code)) else code for code in effects.older_units]
        lines.append(f"  {'、'.join(names)}：本机的数据更新，没有被覆盖。")
    return lines + [f"  {note}" for note in effects.notes]


def _findings(session: Session, effects: Effects, shown: int | None) -> list[str]:
    if not effects.findings:
        return []
    hard = [f for f in effects.findings if f.severity is Severity.HARD]
    open_soft = [f for f in effects.findings if f not in hard and f.fingerprint not in effects.explained]
    lines = [
        f"  审核：必须改正 {len(hard)} 处，需要说明 {len(effects.findings) - len(hard)} 处"
        f"（其中没有说明 {len(open_soft)} 处）。"
    ]
    return lines + _some(
        [f"    {finding_text.where(session, f, month=True)}：{f.message}" for f in [*hard, *open_soft]], shown
    )


def _some(lines: list[str], shown: int | None) -> list[str]:
    if shown is None or len(lines) <= shown:
        return lines
    return [*lines[:shown], f"    ……另有 {len(lines) - shown} 条，用 --all 查看全部。"]


def _cell(session: Session, cell: CellDifference) -> str:
    unit, element = session.catalogue.units[cell.ref.unit], session.catalogue.elements[cell.ref.element]
    before, after = (_content(session, cell.ref, content) for content in (cell.accepted, cell.incoming))
    mine = f"（本单位改为{_content(session, cell.ref, cell.mine)}）" if cell.edited else ""
    return f"{unit.name} {element.name} {cell.ref.period.label()}：{before} → {after}{mine}"


def _content(session: Session, ref: CellRef, content: Content | None) -> str:
    element = session.catalogue.elements[ref.element]
    return value_text(session, ref, None if content is None else to_value(element, content))


def value(session: Session, arrived: Sequence[Arrived]) -> dict[str, Any]:
    """As JSON: like the records, but the figures of cells as they are written, not as they are stored."""
    return {"packages": [_value(session, each) for each in arrived]}


def _value(session: Session, arrived: Arrived) -> dict[str, Any]:
    effects = {**output.plain(arrived.effects), "cells": [_cell_value(session, c) for c in arrived.effects.cells]}
    return {**output.plain(arrived), "effects": effects}


def _cell_value(session: Session, cell: CellDifference) -> dict[str, Any]:
    element = session.catalogue.elements[cell.ref.element]

    def content(stored: Content | None) -> Any:
        return None if stored is None else output.plain(to_value(element, stored))

    return {
        **output.plain(cell.ref),
        "kind": cell.kind,
        "accepted": content(cell.accepted),
        "incoming": content(cell.incoming),
        "mine": content(cell.mine) if cell.edited else None,
    }
