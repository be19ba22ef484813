"""``aggregate``, ``target-split``, ``rank`` and ``freeze`` on the figures of one town that has handed in."""

from __future__ import annotations

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
