"""``rank``: the towns of a month by place, with the reasons and the rules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import click

from xzdesk.cli import frame, output
from xzdesk.core.errors import UserError
from xzdesk.core.findings import figure as digits
from xzdesk.core.indicators import round_half_up
from xzdesk.core.model import Level
from xzdesk.core.ranking import PART_WORDS, Part, Place, Ranking
from xzdesk.core.ranking_words import cause_words
from xzdesk.services import rank
from xzdesk.services.session import Session

POINT_DIGITS = 2
"""Decimals of the points that a single cause brings."""


@frame.command()
@click.argument("period", metavar="月份", help="例如 2026-10。")
@click.option("--unit", metavar="单位", help="只看这个镇、街道：每个指标、每处扣分各多少分，比上月变在哪里。")
@click.option(
    "--weights", metavar="进度/增量/质量/按时", help="试算：换一套分值，合计 100，例如 40/30/20/10；结果不公布。"
)
@click.option("--rules", is_flag=True, help="附上排名规则。")
@frame.workspace_options
@frame.json_option
def command(
    period: str, unit: str | None, weights: str | None, rules: bool, workspace: Path, user: str | None, as_json: bool
) -> None:
    """镇（街道）排名：得分、红旗、蜗牛，和每处得分的理由。

    例： xzdesk-cli rank 2026-10 --unit 临溪镇 -w 区.xzdb
    """
    with frame.opened(workspace, user) as session:
        session.require(Level.DISTRICT)
        ranking = rank.rank(session, session.month(period), None if weights is None else _weights(weights))
        if unit is None:
            output.tell(ranking, as_json, output.lines(_listing(session, ranking), ranking.rules if rules else None))
            return
        office = session.unit(unit)
        place = ranking.of(office.code)
        if place is None:
            raise UserError("rank.not_ranked", f"{office.name}没有可计的指标，不参加排名。", "请写参加排名的镇、街道。")
        output.tell(place, as_json, output.lines(_place(session, place), ranking.rules if rules else None))


def _weights(text: str) -> dict[str, Decimal]:
    words = text.replace("，", "/").replace(",", "/").split("/")
    if len(words) != len(Part) or not all(word.strip().isascii() and word.strip().isdecimal() for word in words):
        raise UserError("rank.weights", f"分值“{text[:30]}”写得不对。", "请写四个整数，合计 100，例如 40/30/20/10。")
    return {part.value: Decimal(word.strip()) for part, word in zip(Part, words, strict=True)}


def _listing(session: Session, ranking: Ranking) -> str:
    names = {code: unit.name for code, unit in session.catalogue.units.items()}
    unranked = "、".join(names[code] for code in ranking.unranked)
    return output.lines(
        ranking_table(f"{ranking.period.label()}排名", names, ranking),
        "这是试算，用的不是目录里的分值。" if ranking.what_if else None,
        f"没有可计的指标，不参加排名：{unranked}。" if unranked else None,
    )


def ranking_table(title: str, names: Mapping[str, str], ranking: Ranking) -> str:
    """The towns by place, a line each; ``names`` by unit code."""
    rows = [
        (
            place.place,
            names[place.unit],
            _flag(place),
            digits(place.score),
            *(digits(part) for part in place.parts),
            _moved(place),
            "；".join((*place.pluses, *place.minuses)),
        )
        for place in ranking.places
    ]
    columns = ("名次", "单位", "", "得分", *(PART_WORDS[part] for part in Part), "比上月", "缘由")
    return output.table(title, columns, rows, figures=(0, 3, 4, 5, 6, 7), spare=(9,))


def _flag(place: Place) -> str:
    return "红旗" if place.flag else "蜗牛" if place.snail else ""


def _moved(place: Place) -> str:
    if place.moved is None:
        return ""
    return "持平" if not place.moved else f"{'升' if place.moved > 0 else '降'} {abs(place.moved)}"


def _place(session: Session, place: Place) -> str:
    catalogue = session.catalogue
    parts = "，".join(f"{PART_WORDS[part]} {digits(place.part(part))}" for part in Part)
    rows = [
        (
            PART_WORDS[each.part],
            cause_words(catalogue, each.part, each.cause),
            digits(round_half_up(each.points, POINT_DIGITS)),
        )
        for each in sorted(place.contributions, key=lambda each: (list(Part).index(each.part), -abs(each.points)))
    ]
    flag = _flag(place)
    return output.lines(
        f"{catalogue.units[place.unit].name}：第 {place.place} 名{f'（{flag}）' if flag else ''}，"
        f"{digits(place.score)} 分（{parts}）。",
        place.explanation,
        [f"好的：{each}。" for each in place.pluses],
        [f"差的：{each}。" for each in place.minuses],
        output.table("得分从哪里来", ("部分", "指标或原因", "分"), rows, figures=(2,)),
    )
