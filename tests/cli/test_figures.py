"""``aggregate``, ``target-split``, ``rank`` and ``freeze`` on the figures of one town that has handed in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from .conftest import MONTH, Desk


@pytest.fixture
def received(month: Desk) -> Desk:
    """The district has taken the town's January: each of its units has 3 people trained, the town 3 factories."""
    month.done("区", "import", month.submit())
    return month


def test_the_indicators_of_a_month_are_told(received: Desk) -> None:
    answer = received.done("区", "aggregate", MONTH, "--json").json
    assert (answer["unit"], answer["period"]) == ("990101", MONTH)
    found = {row["indicator"]: row for row in answer["indicators"]}
    assert list(found) == ["1", "2", "3", "4", "5a", "5b", "6", "7", "8", "9", "10", "11", "14", "pass_rate"]
    factories = found["6"]
    assert (factories["value"], factories["unit"], factories["known"], factories["asked"]) == ("3", "家", 1, 2)
    assert {part["office"]: part["value"] for part in factories["parts"]} == {"990101101": "3", "990101001": None}
    assert found["3"]["value"] is None
    assert "数字工厂" in received.done("区", "aggregate", MONTH).out


def test_one_indicator_is_told_with_what_it_is_made_of(received: Desk) -> None:
    composite = received.done("区", "aggregate", MONTH, "--indicator", "5", "--json").json["indicators"]
    assert [row["indicator"] for row in composite] == ["5a", "5b"]
    told = received.done("区", "aggregate", MONTH, "--indicator", "数字工厂", "--rules").out
    assert "数字工厂：3家（截至2024年1月，由 3 得出）" in told
    assert "口径：各镇街期末数之和。" in told
    assert "临溪镇" in told
    assert "略慢：" in told
    unknown = received.run("区", "aggregate", MONTH, "--indicator", "工厂", "--json")
    assert (unknown.status, unknown.error["code"]) == (2, "indicator.unknown")


def test_a_town_sees_its_own_figures(received: Desk) -> None:
    answer = received.done("镇", "aggregate", MONTH, "--json").json
    assert answer["unit"] == "990101101"
    assert next(row for row in answer["indicators"] if row["indicator"] == "6")["value"] == "3"
    elsewhere = received.run("镇", "aggregate", MONTH, "--indicator", "3", "--json")
    assert (elsewhere.status, elsewhere.error["code"]) == (2, "indicator.not_here")


def test_who_has_not_handed_in_is_told(received: Desk) -> None:
    answer = received.done("区", "aggregate", MONTH, "--who", "--json").json["handed_in"]
    assert {row["unit"]: row["sequence"] for row in answer} == {"990101101": 1, "990101001": None}
    assert "没交 1 个：松风街道。" in received.done("区", "aggregate", MONTH, "--who").out


def test_targets_are_split_changed_by_hand_and_listed(desk: Desk) -> None:
    assert "还没有分解过目标。" in desk.done("区", "target-split").out
    made = desk.done("区", "target-split", "--indicator", "数字工厂", "--base", "平均", "--json").json["targets"]
    sums: dict[int, int] = {}
    for share in made:
        sums[share["year"]] = sums.get(share["year"], 0) + int(share["value"])
    plan = {row["year"]: row for row in made}
    assert set(plan) == set(sums)
    year = max(sums)
    first = sums[year] - 1
    by_hand = ("target-split", "数字工厂", str(year))
    desk.done("区", *by_hand, f"临溪镇={first}", "松风街道=1")
    listed = desk.done("区", "target-split", "--json").json["targets"]
    assert {s["unit"]: (s["value"], s["by_hand"]) for s in listed if s["year"] == year} == {
        "990101101": (str(first), True),
        "990101001": ("1", True),
    }
    refused = desk.run("区", *by_hand, f"临溪镇={first}", "松风街道=2", "--json")
    assert (refused.status, refused.error["code"]) == (2, "split.sum")


def test_all_targets_are_split_at_once_and_go_down_with_the_task(desk: Desk) -> None:
    made = desk.done("区", "target-split", "--all", "--json").json["targets"]
    assert {share["unit"] for share in made} == {"990101101", "990101001"}
    package = desk.done("区", "task", "--to", desk.stick, "--json").json["packages"][0]["path"]
    assert "收到分解目标" in desk.done("镇", "import", package).out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("数字工厂",), "usage"),
        (("数字工厂", "明年", "临溪镇=1"), "usage"),
        (("数字工厂", "2026", "临溪镇"), "usage"),
        (("数字工厂", "2026", "临溪镇=若干"), "usage"),
        (("5", "2026", "临溪镇=1"), "usage"),
        (("数字工厂", "2025", "临溪镇=1"), "split.no_target"),
        (("没有这个", "2026", "临溪镇=1"), "indicator.unknown"),
        (("--indicator", "居民收入增速"), "split.not_split"),
    ],
)
def test_a_split_that_cannot_be_is_refused(desk: Desk, words: tuple[str, ...], code: str) -> None:
    answer = desk.run("区", "target-split", *words, "--json")
    assert (answer.status, answer.error["code"]) == (2, code)


def test_figures_are_the_districts_or_a_towns(desk: Desk) -> None:
    refused = desk.run("镇", "target-split", "--all", "--json")
    assert (refused.status, refused.error["code"]) == (2, "workspace.wrong_kind")


def test_the_towns_are_ranked_with_reasons_and_rules(received: Desk) -> None:
    answer = received.done("区", "rank", MONTH, "--json").json
    assert {place["unit"] for place in answer["places"]} == {"990101101", "990101001"}
    first, second = answer["places"]
    assert (first["unit"], first["place"], first["flag"], first["snail"]) == ("990101101", 1, True, False)
    assert (second["conduct"]["arrived"], second["conduct"]["days_late"]) == ("", None)
    for place in answer["places"]:
        assert sum(Decimal(part) for part in place["parts"]) == Decimal(place["score"])
        assert sum(Fraction(each["points"]) for each in place["contributions"]) == Fraction(place["exact"])
    table = received.done("区", "rank", MONTH, "--rules").out
    assert "红旗" in table
    assert "总分100分：进度40分，" in table
    told = received.done("区", "rank", MONTH, "--unit", "临溪镇").out
    assert told.startswith("临溪镇：第 1 名（红旗），")
    assert "得分从哪里来" in told


def test_a_ranking_with_other_points_is_a_trial(received: Desk) -> None:
    trial = received.done("区", "rank", MONTH, "--weights", "0/0/0/100", "--json").json
    assert trial["what_if"]
    assert all(place["parts"][:3] == ["0.0", "0.0", "0.0"] for place in trial["places"])
    assert "这是试算" in received.done("区", "rank", MONTH, "--weights", "70，10，10，10").out
    for weights in ("40,30,20", "40,30,20,20", "一,二,三,四"):
        refused = received.run("区", "rank", MONTH, "--weights", weights, "--json")
        assert (refused.status, refused.error["code"]) == (2, "rank.weights")


def test_only_what_is_ranked_is_told(received: Desk) -> None:
    refused = received.run("区", "rank", MONTH, "--unit", "上溪村", "--json")
    assert (refused.status, refused.error["code"]) == (2, "rank.not_ranked")
    wrong = received.run("镇", "rank", MONTH, "--json")
    assert (wrong.status, wrong.error["code"]) == (2, "workspace.wrong_kind")


def test_a_frozen_month_stands_until_a_figure_changes(received: Desk) -> None:
    first = received.done("区", "freeze", MONTH, "--json").json
    assert (first["edition"], first["is_new"], first["changed"]) == (1, True, [])
    assert "与第 1 版相同，没有出新版。" in received.done("区", "freeze", MONTH).out
    received.done("镇", "record", "临溪镇", "数字工厂", MONTH, "4", "--reason", "补录1月认定的一家，见市级批文")
    received.done("区", "import", received.submit())
    second = received.done("区", "freeze", MONTH, "--json").json
    changed = [(each["indicator"], each["unit"], each["before"], each["after"]) for each in second["changed"]]
    assert (second["edition"], second["is_new"]) == (2, True)
    assert changed[:2] == [("6", "990101", "3", "4"), ("6", "990101101", "3", "4")]
    assert [each[:2] for each in changed[2:]] == [("", "990101101")], "the town's score moved too"
    listed = received.done("区", "freeze", MONTH, "--list")
    assert "第 2 版改变的数 3 处" in listed.out
    editions = received.done("区", "freeze", MONTH, "--list", "--json").json["editions"]
    assert [(each["edition"], len(each["changed"])) for each in editions] == [(2, 3), (1, 0)]


def test_nothing_is_frozen_before_anything_came(desk: Desk) -> None:
    refused = desk.run("区", "freeze", MONTH, "--json")
    assert (refused.status, refused.error["code"]) == (2, "freeze.nothing")
    assert "还没有定版。" in desk.done("区", "freeze", MONTH, "--list").out
