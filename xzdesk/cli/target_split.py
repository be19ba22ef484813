"""``target-split``: the plan's targets split to the towns, in proportion and then by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import click

from xzdesk.cli import frame, output
from xzdesk.cli.aggregate import named
from xzdesk.core.errors import UserError
from xzdesk.core.findings import figure as digits
from xzdesk.core.model import Indicator, Level
from xzdesk.services import target_split
from xzdesk.services.session import Session
from xzdesk.services.target_split import BASE_WORDS, Base
from xzdesk.store import target_splits
from xzdesk.store.target_splits import TargetSplit
from xzdesk.tables.numbers import read_number

BASES = {word: base for base, word in BASE_WORDS.items()} | {base.value: base for base in Base}


@frame.command()
@click.argument("words", nargs=-1, metavar="[指标 年 单位=值...]", help="按手工改：指标、年份，和各镇的目标。")
@click.option("--all", "everything", is_flag=True, help="把全部可分解的指标按比例分解；以前手工改的也重新分。")
@click.option("--indicator", metavar="指标", help="只按比例分解这一个（名称、代码或附件序号）。")
@click.option(
    "--base",
    type=frame.Words(BASES),
    default=Base.UNITS.value,
    metavar="依据",
    help="按什么比例：村社区数、平均、现有数。",
)
@click.option("--month", metavar="月份", help="按哪个月的单位和现有数；不写时为规划的第一个月。")
@frame.workspace_options
@frame.json_option
def command(**given: Any) -> None:
    """把规划目标分解到镇（街道）；不写参数时列出现在的分解。

    个数和总量按比例分，余数给小数部分最大的，合计必等于规划；占比类按分母加权核对。
    分解的结果随下一个任务包下发。

    例： xzdesk-cli target-split 和美乡村 2027 临溪镇=12 松风街道=15 -w 区.xzdb
    """
    frame.one_of(("--all", given["everything"]), ("--indicator", given["indicator"]), ("手工改", given["words"]))
    with frame.opened(given["workspace"], given["user"]) as session:
        session.require(Level.DISTRICT)
        month = session.month(given["month"]) if given["month"] else None
        if given["everything"]:
            made = target_split.split_all(session, given["base"], month)
        elif given["indicator"]:
            made = [
                share
                for indicator in named(session, given["indicator"])
                for share in target_split.split_indicator(session, indicator, given["base"], month)
            ]
        elif given["words"]:
            made = _by_hand(session, given["words"])
        else:
            _tell(session, target_splits.read(session.workspace), "现在的分解", given["as_json"])
            return
        _tell(session, made, "已分解，随下一个任务包下发（task）", given["as_json"])


def _by_hand(session: Session, words: tuple[str, ...]) -> list[TargetSplit]:
    if len(words) < 3 or not words[1].isascii() or not words[1].isdecimal():
        raise UserError("usage", "手工改要写：指标 年 单位=值。", "例如 和美乡村 2027 临溪镇=12 松风街道=15。")
    found = named(session, words[0])
    if len(found) != 1:
        codes = "、".join(each.code for each in found)
        raise UserError("usage", "附件的这一行有两个指标，要分别改。", f"请写代码：{codes}。")
    values = dict(_share(session, found[0], word) for word in words[2:])
    return target_split.change_by_hand(session, found[0], int(words[1]), values)


def _share(session: Session, indicator: Indicator, word: str) -> tuple[str, Decimal]:
    name, equals, text = word.partition("=")
    if not equals:
        raise UserError("usage", "各镇的目标要写成“单位=值”。", "例如 临溪镇=12。")
    reading = read_number(text, indicator.unit)
    if reading.value is None:
        raise UserError("usage", f"{name}的目标“{text[:20]}”不是数。", "请写阿拉伯数字。")
    rounded = round(reading.value, indicator.decimals)
    return session.unit(name).code, rounded if rounded == reading.value else reading.value


def _tell(session: Session, shares: list[TargetSplit] | tuple[TargetSplit, ...], done: str, as_json: bool) -> None:
    catalogue = session.catalogue
    rows = [
        (
            catalogue.indicators[share.indicator].name if share.indicator in catalogue.indicators else share.indicator,
            share.year,
            catalogue.units[share.unit].name if share.unit in catalogue.units else share.unit,
            digits(share.value),
            "手工" if share.by_hand else "",
        )
        for share in shares
    ]
    text = output.table(f"{done}：{len(rows)} 项", ("指标", "年", "单位", "目标", ""), rows, figures=(1, 3))
    output.tell({"targets": shares}, as_json, text if rows else "还没有分解过目标。")
