"""Scores, places and the words for them; every number is worked out by hand from the rules that are published."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.indicators import Panel, series
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, CellRef, DataValue, Target
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period
from xzdesk.core.ranking import (
    Conduct,
    Fault,
    Part,
    Place,
    Ranking,
    apportion,
    part_weights,
    placed,
    rank,
    score,
)
from xzdesk.core.ranking_meter import Measure, Yardstick, measure
from xzdesk.core.ranking_moves import compared, explain, sentence
from xzdesk.core.ranking_words import minuses, pluses, rules_text
from xzdesk.core.targets import TargetLine

DISTRICT, STREET, TOWN = "990101", "990101001", "990101101"
UPPER, LOWER, STONE, BAMBOO = "990101101201", "990101101202", "990101101203", "990101001201"
POINTS = {
    Part.PROGRESS: Decimal(40),
    Part.INCREMENT: Decimal(30),
    Part.QUALITY: Decimal(20),
    Part.TIMELINESS: Decimal(10),
}
GOOD = Conduct(asked=100, faults={}, arrived="2026-04-05", days_late=0)
ABSENT = Conduct(asked=100, faults={}, arrived="", days_late=None)

Cells = Mapping[tuple[str, str, str], str | int]


def observe(catalogue: Catalogue, cells: Cells) -> Observations:
    values = {
        CellRef(unit, element, Period.parse(period)): DataValue.of(
            content if isinstance(content, str) and content.isalpha() else Decimal(content)
        )
        for (element, unit, period), content in cells.items()
    }
    return Observations.of(catalogue.elements, values)


def yardstick(catalogue: Catalogue, code: str, unit: str = "", **own: int) -> Yardstick:
    """The district's targets, or with ``y2026=30`` the town's own."""
    targets = [target for target in catalogue.targets if target.indicator == code and target.unit == DISTRICT]
    if own:
        targets = [Target(code, unit, int(year[1:]), Decimal(value), str(value)) for year, value in own.items()]
    return Yardstick(TargetLine(catalogue, catalogue.indicators[code], targets), bool(own))


def panel_of(catalogue: Catalogue, cells: Cells, at: str) -> Panel:
    month = Period.parse(at)
    first = max(month.shift(-7), Period.month(catalogue.baseline_year, 12))
    return series(catalogue, observe(catalogue, cells), first, month, Lineage(catalogue.units, catalogue.events))


def measured(catalogue: Catalogue, cells: Cells, code: str, at: str, unit: str = TOWN, **own: int) -> Measure | None:
    return measure(
        catalogue, panel_of(catalogue, cells, at), yardstick(catalogue, code, unit, **own), unit, Period.parse(at)
    )


def trained(*monthly: int, unit: str = UPPER, year: int = 2026) -> dict[tuple[str, str, str], str | int]:
    return {("trainees", unit, f"{year}-{index:02}"): number for index, number in enumerate(monthly, 1)}


def a_measure(code: str, weight: str, progress: Fraction, increment: Fraction | None, **more: object) -> Measure:
    made = Measure(
        indicator=code,
        weight=Decimal(weight),
        basis="",
        value=Decimal(1),
        numerator=Decimal(1),
        denominator=None,
        asked=Decimal(2),
        gained=None,
        missing=0,
        steadied=False,
        progress=progress,
        increment=increment,
    )
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


# -- what one indicator is worth --------------------------------------------------------------------------------------


def test_without_a_split_a_sum_is_asked_by_the_units_that_count(tiny: Catalogue) -> None:
    """360 in 2026: 90 by March; the town has 4 of the 6 villages and communities: 60."""
    found = measured(tiny, trained(10, 10, 20), "7", "2026-03")
    assert found is not None
    assert (found.asked, found.progress) == (60, Fraction(40, 60))
    # One month: 20 came. 40 lacked to March's reference, 220 to the year-end's 240 with 10 months left: 22 needed.
    # Three months: 40 came from 0; 60 to the reference and 240 * 3/12 = 60 to the year-end's.
    assert found.increment == (Fraction(20, 22) + Fraction(40, 60)) / 2
    assert found.gained == 20


def test_a_town_is_held_against_its_own_targets(tiny: Catalogue) -> None:
    found = measured(tiny, trained(3, 2, 2), "7", "2026-03", y2026=30)
    assert found is not None
    # 30 * 3/12 = 7.5: half a person cannot be trained.
    assert (found.asked, found.progress, found.increment) == (7, 1, 1)


def test_more_than_is_asked_counts_as_all(tiny: Catalogue) -> None:
    found = measured(tiny, trained(900, 0, 0), "7", "2026-03", y2026=30)
    assert found is not None
    assert (found.progress, found.increment) == (1, 1)


def test_what_has_fallen_brought_nothing(tiny: Catalogue) -> None:
    cells: Cells = {("factories", TOWN, "2026-02"): 3, ("factories", TOWN, "2026-03"): 2}
    found = measured(tiny, cells, "6", "2026-03", y2024=4, y2026=8)
    assert found is not None
    # The line from 4 (2024) to 8 (2026) stands at 6 at the end of 2025 and at 6.5 in March: 6 whole ones.
    assert (found.asked, found.progress, found.increment, found.gained) == (6, Fraction(2, 6), 0, -1)


def test_who_lacks_less_than_one_a_month_owes_nothing_in_a_month(tiny: Catalogue) -> None:
    cells: Cells = {("factories", TOWN, f"2026-{m:02}"): 3 for m in range(1, 4)}
    found = measured(tiny, cells, "6", "2026-03", y2024=4, y2026=5)
    assert found is not None
    # Asked: 4.5 + 0.125 = 4 whole ones. To the year-end's 5 lack 2 with 10 (or 12) months left: 0.2 and 0.5.
    assert (found.progress, found.increment) == (Fraction(3, 4), 1)


def test_a_share_of_few_villages_is_filled_up_with_the_districts(tiny: Catalogue) -> None:
    """Three villages are the catalogue's measure: the street has one, the town three of the district's four."""
    cells: Cells = {("clean_village", unit, "2026-12"): "no" for unit in (BAMBOO, LOWER, STONE)}
    cells = {**cells, ("clean_village", UPPER, "2026-12"): "yes"}
    street, town = (measured(tiny, cells, "1", "2026-12", unit) for unit in (STREET, TOWN))
    assert street is not None
    assert town is not None
    # Street: (1 * 0 + 2 * 25) / 3 = 50/3 of 70. Town: 100/3 of 70, as it stands.
    assert (street.progress, street.steadied) == (Fraction(50, 3) / 70, True)
    assert (town.progress, town.steadied) == (Fraction(100, 3) / 70, False)


def test_a_town_whose_villages_all_meet_a_share_keeps_its_hundred(tiny: Catalogue) -> None:
    cells: Cells = {("clean_village", unit, "2026-12"): "no" for unit in (UPPER, LOWER, STONE)}
    found = measured(tiny, {**cells, ("clean_village", BAMBOO, "2026-12"): "yes"}, "1", "2026-12", STREET)
    assert found is not None
    assert (found.progress, found.steadied) == (1, False)


def test_what_nobody_recorded_counts_as_nothing_reached_and_is_shown(tiny: Catalogue) -> None:
    found = measured(tiny, {}, "6", "2026-03")
    assert found is not None
    assert (found.value, found.progress, found.missing) == (None, 0, 1)
    villages = measured(tiny, {("clean_village", UPPER, "2026-12"): "yes"}, "1", "2026-12")
    assert villages is not None
    assert (villages.numerator, villages.denominator, villages.missing) == (1, 3, 2)
    assert villages.progress == Fraction(100, 3) / 70


def test_a_ratio_is_cut_by_the_units_of_which_nothing_is_known(tiny: Catalogue) -> None:
    """Tests passed: one of the town's four units has 9 of 10, of the others nothing is recorded."""
    weighted = dataclasses.replace(
        tiny, ranking=dataclasses.replace(tiny.ranking, indicator_weights={"pass_rate": Decimal(1)})
    )
    cells: Cells = {("tests", UPPER, "2028-01"): 10, ("tests_passed", UPPER, "2028-01"): 9}
    found = measured(weighted, cells, "pass_rate", "2028-01", y2024=90, y2028=90)
    assert found is not None
    assert (found.missing, found.progress, found.increment) == (6, Fraction(1, 4), None)


def test_without_any_test_a_ratio_counts_neither_way(tiny: Catalogue) -> None:
    weighted = dataclasses.replace(
        tiny, ranking=dataclasses.replace(tiny.ranking, indicator_weights={"pass_rate": Decimal(1)})
    )
    units = (UPPER, LOWER, STONE, "990101101001")
    cells: Cells = {(element, unit, "2028-01"): 0 for unit in units for element in ("tests", "tests_passed")}
    assert measured(weighted, cells, "pass_rate", "2028-01", y2024=90, y2028=90) is None


@pytest.mark.parametrize(
    ("code", "at", "own"),
    [
        ("5a", "2026-03", {}),  # the district reports it, a town has no part in it
        ("2", "2026-06", {}),  # decided when the year is over
        ("8", "2026-03", {"y2024": 0, "y2026": 1}),  # less than one is asked by March
        ("14", "2026-02", {}),  # no quarter of the year has ended
        ("7", "2028-03", {}),  # the plan asks for nothing
    ],
)
def test_what_is_not_asked_counts_neither_way(tiny: Catalogue, code: str, at: str, own: dict[str, int]) -> None:
    assert measured(tiny, trained(5, 5, 5), code, at, **own) is None


def test_text_targets_are_not_scored(tiny: Catalogue) -> None:
    text = dataclasses.replace(tiny.indicators["7"], limit=Decimal(5))
    catalogue = dataclasses.replace(tiny, indicators={**tiny.indicators, "7": text})
    assert measured(catalogue, trained(5, 5, 5), "7", "2026-03") is None


def test_a_year_end_share_counts_when_the_year_is_over(tiny: Catalogue) -> None:
    cells: Cells = {("income", UPPER, "2026Q4"): 60}
    found = measured(tiny, cells, "2", "2026-12")
    assert found is not None
    assert (found.progress, found.increment) == (Fraction(100, 3) / 75, None)


def test_quarters_are_measured_against_the_quarter_before(tiny: Catalogue) -> None:
    cells: Cells = {("output", TOWN, "2026Q1"): 3000, ("output", TOWN, "2026Q2"): 1500}
    for at in ("2026-06", "2026-08"):
        found = measured(tiny, cells, "14", at, y2026=1)
        assert found is not None
        # Half of 1 亿元; 0.45 is there. 0.15 came; needed: 0.2 to the reference, (1 - 0.3) * 3/9 to the year-end's.
        assert found.progress == Fraction(45, 50)
        assert found.increment == Fraction(15, 20)
        assert found.gained == Decimal("0.15")


def test_january_begins_with_nothing(tiny: Catalogue) -> None:
    found = measured(tiny, {**trained(99, year=2025), **trained(5)}, "7", "2026-01", y2024=120, y2026=120)
    assert found is not None
    assert (found.progress, found.increment, found.gained) == (Fraction(5, 10), Fraction(5, 10), 5)


def test_where_less_is_better_the_rate_turns_round(tiny: Catalogue) -> None:
    low = dataclasses.replace(tiny.indicators["6"], higher_is_better=False)
    catalogue = dataclasses.replace(tiny, indicators={**tiny.indicators, "6": low})
    cells: Cells = {("factories", TOWN, "2026-11"): 10, ("factories", TOWN, "2026-12"): 8}
    found = measured(catalogue, cells, "6", "2026-12", y2024=6, y2026=4)
    assert found is not None
    # 8 where 4 are asked at most. Of the 6 that lacked in November the last month had to bring all: 2 came.
    assert (found.progress, found.increment) == (Fraction(4, 8), Fraction(2, 6))


# -- the score --------------------------------------------------------------------------------------------------------


def test_a_score_by_hand() -> None:
    measures = [
        a_measure("1", "2", Fraction(1, 2), Fraction(1)),
        a_measure("2", "1", Fraction(1), None),
    ]
    conduct = Conduct(100, {Fault.MISSING: 1, Fault.RETURNED: 1, Fault.SOFT: 0}, "2026-04-06", 1)
    place = score(TOWN, measures, conduct, POINTS)
    # 40 * (2 * 1/2 + 1)/3, 30 * 1 over the one that counts, 20 * (1 - (1 + 5)/100), 10 * 2/3.
    assert place.exact == Fraction(80, 3) + 30 + Fraction(188, 10) + Fraction(20, 3)
    assert place.score == Decimal("82.1")
    assert place.parts == (Decimal("26.7"), Decimal("30.0"), Decimal("18.8"), Decimal("6.6"))
    assert {(c.part, c.cause): c.points for c in place.contributions} == {
        (Part.PROGRESS, "1"): Fraction(40, 3),
        (Part.PROGRESS, "2"): Fraction(40, 3),
        (Part.INCREMENT, "1"): 30,
        (Part.QUALITY, ""): 20,
        (Part.QUALITY, "missing"): Fraction(-20, 100),
        (Part.QUALITY, "returned"): -1,
        (Part.TIMELINESS, ""): 10,
        (Part.TIMELINESS, "late"): Fraction(-10, 3),
    }
    assert place.on_pace == 1


def test_without_anything_to_compare_increment_follows_progress() -> None:
    place = score(TOWN, [a_measure("1", "3", Fraction(1, 4), None)], GOOD, POINTS)
    assert place.parts == (Decimal("10.0"), Decimal("7.5"), Decimal("20.0"), Decimal("10.0"))


def test_who_hands_nothing_in_has_neither_quality_nor_timeliness() -> None:
    place = score(TOWN, [a_measure("1", "1", Fraction(1), Fraction(1))], ABSENT, POINTS)
    assert (place.score, place.part(Part.QUALITY), place.part(Part.TIMELINESS)) == (70, 0, 0)


@pytest.mark.parametrize(("days", "points"), [(0, "10.0"), (1, "6.7"), (2, "3.3"), (3, "0.0"), (40, "0.0")])
def test_each_day_late_costs_a_third(days: int, points: str) -> None:
    place = score(TOWN, [a_measure("1", "1", Fraction(0), Fraction(0))], Conduct(9, {}, "x", days), POINTS)
    assert place.part(Part.TIMELINESS) == Decimal(points)


def test_quality_is_lost_at_most_once_and_each_fault_bears_its_part() -> None:
    conduct = Conduct(10, {Fault.HARD: 3, Fault.MENDED: 2, Fault.CORRECTED: 1}, "x", 0)
    place = score(TOWN, [a_measure("1", "1", Fraction(0), Fraction(0))], conduct, POINTS)
    # 15 + 4 + 1 = 20 cells' weight over 10 cells: nothing is left of 20 points.
    lost = {c.cause: c.points for c in place.contributions if c.part is Part.QUALITY and c.cause}
    assert lost == {"hard": -15, "mended": -4, "corrected": -1}
    assert place.part(Part.QUALITY) == 0


def test_weights_have_to_be_a_hundred(tiny: Catalogue) -> None:
    assert part_weights(tiny.ranking)[Part.PROGRESS] == 40
    for wrong in (
        {"progress": Decimal(99)},
        {"progress": Decimal(110), "quality": Decimal(-10)},
        {"luck": Decimal(100)},
    ):
        with pytest.raises(UserError) as caught:
            part_weights(tiny.ranking, wrong)
        assert caught.value.code == "rank.weights"


# -- the places -------------------------------------------------------------------------------------------------------


def with_score(unit: str, total: str, progress: str = "0", increment: str = "0") -> Place:
    made = score(unit, [a_measure("1", "1", Fraction(0), Fraction(0))], GOOD, POINTS)
    parts = (Decimal(progress), Decimal(increment), Decimal(0), Decimal(0))
    return dataclasses.replace(made, score=Decimal(total), parts=parts)


def listed(
    tiny: Catalogue, scores: dict[str, str], flags: int = 1, snails: int = 1
) -> dict[str, tuple[int, bool, bool]]:
    rules = dataclasses.replace(tiny.ranking, red_flags=flags, snails=snails)
    order = {unit: position for position, unit in enumerate(scores)}
    made = placed([with_score(unit, total) for unit, total in scores.items()], rules, order)
    return {place.unit: (place.place, place.flag, place.snail) for place in made}


def test_equal_scores_share_a_place_and_the_next_one_is_left_out(tiny: Catalogue) -> None:
    assert listed(tiny, {"a": "70", "b": "80", "c": "80", "d": "90"}) == {
        "d": (1, True, False),
        "b": (2, False, False),
        "c": (2, False, False),
        "a": (4, False, True),
    }


def test_flags_and_snails_take_in_who_is_tied_at_their_border(tiny: Catalogue) -> None:
    found = listed(tiny, {"a": "9", "b": "9", "c": "5", "d": "3", "e": "3"})
    assert [unit for unit, (_, flag, _) in found.items() if flag] == ["a", "b"]
    assert [unit for unit, (_, _, snail) in found.items() if snail] == ["d", "e"]


def test_who_is_tied_with_a_red_flag_is_no_snail(tiny: Catalogue) -> None:
    assert set(listed(tiny, {"a": "9", "b": "9", "c": "9"}).values()) == {(1, True, False)}
    assert listed(tiny, {"a": "9", "b": "8"}, flags=2, snails=2) == {"a": (1, True, False), "b": (2, True, False)}


def test_equal_places_are_shown_by_progress_then_increment_then_order(tiny: Catalogue) -> None:
    units = {"a": ("1", "5"), "b": ("2", "0"), "c": ("1", "6"), "d": ("1", "5")}
    made = placed(
        [with_score(unit, "50", *parts) for unit, parts in units.items()],
        tiny.ranking,
        {unit: position for position, unit in enumerate(units)},
    )
    assert [place.unit for place in made] == ["b", "c", "a", "d"]
    assert {place.place for place in made} == {1}


# -- a district's ranking ---------------------------------------------------------------------------------------------


def ranked(catalogue: Catalogue, cells: Cells, at: str, conducts: Mapping[str, Conduct] | None = None) -> Ranking:
    sticks = {
        (code, unit): yardstick(catalogue, code)
        for code in catalogue.ranking.indicator_weights
        for unit in (STREET, TOWN)
    }
    given = conducts or {STREET: GOOD, TOWN: GOOD}
    return rank(catalogue, panel_of(catalogue, cells, "2026-03"), sticks, given, Period.parse(at))


SPRING: Cells = {
    **trained(20, 20, 20),
    **trained(20, 0, 0, unit=BAMBOO),
    ("factories", TOWN, "2026-03"): 1,
    ("factories", STREET, "2026-01"): 1,
    ("clean_village", UPPER, "2026-01"): "yes",
    ("clean_village", LOWER, "2026-03"): "yes",
}


def test_a_town_for_which_nothing_counts_is_not_ranked(tiny: Catalogue) -> None:
    one = dataclasses.replace(tiny.ranking, indicator_weights={"9": Decimal(1)})
    made = ranked(dataclasses.replace(tiny, ranking=one), SPRING, "2026-03")
    assert (made.places, made.unranked) == ((), (STREET, TOWN))


def test_a_move_is_explained_and_what_is_printed_adds_up(tiny: Catalogue) -> None:
    before, after = ranked(tiny, SPRING, "2026-02"), ranked(tiny, SPRING, "2026-03", {STREET: ABSENT, TOWN: GOOD})
    moves = explain(before, after)
    assert set(moves) == {STREET, TOWN}
    for move in moves.values():
        assert sum(shift.change for shift in move.shifts) == move.exact
        assert sum(move.parts.values()) == move.change
    street = sentence(tiny, moves[STREET])
    assert "质量−20.0（没有上报−20.0）；按时−10.0（没有上报−10.0）" in street
    made = compared(tiny, before, after)
    assert made.compared_with == Period.month(2026, 2)
    assert all(place.explanation for place in made.places)
    assert {place.unit: place.moved for place in made.places} == {
        unit: move.before - move.after for unit, move in moves.items()
    }


def test_rankings_by_other_points_are_not_compared(tiny: Catalogue) -> None:
    after = ranked(tiny, SPRING, "2026-03")
    with pytest.raises(ValueError, match="weights"):
        explain(dataclasses.replace(after, weights={**after.weights, Part.PROGRESS: Decimal(41)}), after)


def test_the_sentence_of_a_fall_names_who_went_by(tiny: Catalogue) -> None:
    """Nothing changes but the street's submission: 30 points go, and the place with them."""
    low: Cells = {("factories", STREET, "2026-02"): 9, ("factories", TOWN, "2026-02"): 0}
    first = ranked(tiny, low, "2026-03")
    then = ranked(tiny, low, "2026-03", {STREET: ABSENT, TOWN: GOOD})
    assert [place.unit for place in first.places] == [STREET, TOWN]
    moves = explain(first, then)
    assert sentence(tiny, moves[STREET]) == (
        "由第1名降至第2名，总分比上月减少30.0分：质量−20.0（没有上报−20.0）；按时−10.0（没有上报−10.0）。被临溪镇超过。"
    )
    assert sentence(tiny, moves[TOWN]) == "由第2名升至第1名，总分与上月持平。超过松风街道。"


def test_a_town_that_was_not_ranked_before_is_new(tiny: Catalogue) -> None:
    after = ranked(tiny, SPRING, "2026-03")
    before = dataclasses.replace(after, places=tuple(p for p in after.places if p.unit != TOWN))
    made = compared(tiny, before, after)
    town = made.of(TOWN)
    assert town is not None
    assert (town.moved, town.explanation) == (None, f"首次列入排名，第{town.place}名。")


def test_reasons_for_and_against(tiny: Catalogue) -> None:
    late = Conduct(100, {Fault.RETURNED: 3}, "2026-04-09", 4)
    made = ranked(tiny, SPRING, "2026-03", {STREET: ABSENT, TOWN: late})
    street, town = made.of(STREET), made.of(TOWN)
    assert street is not None
    assert town is not None
    assert minuses(tiny, street, made.weights)[0] == "本月没有上报"
    assert "上报逾期 4 天" in minuses(tiny, town, made.weights)
    assert pluses(tiny, made, town)[0] == "绿色村庄覆盖率 2/3 个，比上月多 1 个"


def test_the_rules_are_told_with_the_numbers_in_force(tiny: Catalogue) -> None:
    text = "".join(rules_text(tiny))
    for part in (
        "进度40分，增量30分，质量20分，按时10分",
        "不足3个",
        "次月5日",
        "退回未改1处计5格",
        "每迟1天扣三分之一",
        "前1名为红旗，后1名为蜗牛",
        "名次并列",
    ):
        assert part in text
    changed = rules_text(tiny, {"progress": Decimal(70), "quality": Decimal(30)})
    assert changed[0] == "总分100分：进度70分，增量0分，质量30分，按时0分。"
    steady = dataclasses.replace(tiny, ranking=dataclasses.replace(tiny.ranking, small_denominator=1))
    assert "按实际占比计" in "".join(rules_text(steady))


# -- laws -------------------------------------------------------------------------------------------------------------

numbers = st.integers(0, 60)


@st.composite
def springs(draw: st.DrawFn) -> dict[tuple[str, str, str], str | int]:
    """Some cells of January to March 2026 of both towns and their villages, others blank."""
    cells: dict[tuple[str, str, str], str | int] = {}
    months = ("2026-01", "2026-02", "2026-03")
    for unit in (UPPER, LOWER, STONE, BAMBOO):
        for month in months:
            trainees, clean = draw(st.none() | numbers), draw(st.sampled_from([None, "yes", "no"]))
            if trainees is not None:
                cells["trainees", unit, month] = trainees
            if clean is not None:
                cells["clean_village", unit, month] = clean
    for unit in (TOWN, STREET):
        for month in months:
            factories = draw(st.none() | st.integers(0, 5))
            if factories is not None:
                cells["factories", unit, month] = factories
        cells["output", unit, "2026Q1"] = draw(st.integers(0, 9000))
    return cells


conducts = st.builds(
    Conduct,
    asked=st.integers(0, 50),
    faults=st.dictionaries(st.sampled_from([Fault.MISSING, Fault.SOFT, Fault.RETURNED, Fault.HARD]), st.integers(0, 9)),
    arrived=st.just("2026-04-05"),
    days_late=st.none() | st.integers(0, 5),
)


@settings(max_examples=30, deadline=None)
@given(cells=springs(), street=conducts, town=conducts)
def test_law_parts_and_contributions_add_up(tiny: Catalogue, cells: Cells, street: Conduct, town: Conduct) -> None:
    made = ranked(tiny, cells, "2026-03", {STREET: street, TOWN: town})
    for place in made.places:
        assert sum((c.points for c in place.contributions), Fraction(0)) == place.exact
        assert sum(place.parts) == place.score
        assert abs(Fraction(place.score) - place.exact) <= Fraction(1, 20)
        assert all(0 <= place.part(part) <= POINTS[part] for part in Part)
    moves = explain(ranked(tiny, cells, "2026-02"), made)
    for move in moves.values():
        assert sum((shift.change for shift in move.shifts), Fraction(0)) == move.exact
        assert sum(move.parts.values()) == move.change


@settings(max_examples=30, deadline=None)
@given(cells=springs(), data=st.data())
def test_law_raising_a_figure_of_the_month_never_lowers_the_score(
    tiny: Catalogue, cells: Cells, data: st.DataObject
) -> None:
    before = ranked(tiny, cells, "2026-03").of(TOWN)
    numeric = [
        key for key, content in cells.items() if key[2] in ("2026-03", "2026Q1") and key[1] in (TOWN, UPPER, LOWER)
    ]
    key = data.draw(st.sampled_from(sorted(numeric)))
    content = cells[key]
    raised = "yes" if isinstance(content, str) else content + data.draw(st.integers(1, 50))
    after = ranked(tiny, {**cells, key: raised}, "2026-03").of(TOWN)
    assert before is not None
    assert after is not None
    assert after.exact >= before.exact


@settings(max_examples=30, deadline=None)
@given(cells=springs(), street=conducts, town=conducts)
def test_law_the_order_of_the_towns_changes_no_score(
    tiny: Catalogue, cells: Cells, street: Conduct, town: Conduct
) -> None:
    turned = dataclasses.replace(tiny, units=dict(reversed(list(tiny.units.items()))))
    one = ranked(tiny, cells, "2026-03", {STREET: street, TOWN: town})
    other = ranked(turned, cells, "2026-03", {TOWN: town, STREET: street})
    assert {p.unit: (p.place, p.exact, p.parts) for p in one.places} == {
        p.unit: (p.place, p.exact, p.parts) for p in other.places
    }


@given(scores=st.lists(st.integers(0, 8), min_size=1, max_size=9), flags=st.integers(0, 4), snails=st.integers(0, 4))
def test_law_places_count_who_is_better(tiny: Catalogue, scores: list[int], flags: int, snails: int) -> None:
    given_scores = {f"u{position}": str(total) for position, total in enumerate(scores)}
    found = listed(tiny, given_scores, flags, snails)
    for unit, total in given_scores.items():
        place, flag, snail = found[unit]
        better = sum(other > int(total) for other in scores)
        worse = sum(other < int(total) for other in scores)
        assert place == better + 1
        assert flag == (better < flags)
        assert snail == (worse < snails and not flag)


@given(st.lists(st.fractions(0, 60, max_denominator=997), min_size=1, max_size=6))
def test_law_apportioned_points_add_up_and_differ_by_less_than_a_digit(exact: list[Fraction]) -> None:
    total = sum(exact, Fraction(0))
    rounded = Decimal(int(total * 10 + Fraction(1, 2))) / 10
    parts = apportion(exact, rounded)
    assert sum(parts) == rounded
    for part, each in zip(parts, exact, strict=True):
        assert abs(Fraction(part) - each) < Fraction(1, 10)
        assert Fraction(part) == each or (each * 10).denominator != 1
