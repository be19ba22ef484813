"""The district's ranking from what it holds: arrivals, returns, corrections, findings and the month before."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.core.plain import plain
from xzdesk.core.ranking import Conduct, Fault, Part, Place, Ranking
from xzdesk.core.ranking_words import rules_text
from xzdesk.services import check, rank, receive, record, returns, target_split
from xzdesk.services.returns import ReturnRequest
from xzdesk.services.session import Session

from .conftest import DISTRICT, TOWN, VILLAGE, Clock, Offices, fill, hand_in

STREET = "990101001"
JANUARY, FEBRUARY = Period.month(2024, 1), Period.month(2024, 2)
FACTORIES = CellRef(TOWN, "factories", JANUARY)
TRAINEES = CellRef(VILLAGE, "trainees", JANUARY)


@pytest.fixture
def offices(tmp_path: Path, tiny: Catalogue) -> Iterator[Offices]:
    """In the first days of February 2024."""
    made = Offices(tmp_path, tiny, Clock(dt.datetime(2024, 2, 2, 1, 0, tzinfo=dt.UTC)))
    yield made
    made.close()


@pytest.fixture
def pair(offices: Offices) -> tuple[Session, Session]:
    district = offices.district()
    return district, offices.below(district, TOWN, "镇")


def town_of(made: Ranking) -> Place:
    place = made.of(TOWN)
    assert place is not None
    return place


def take(district: Session, town: Session, month: Period, stick: Path) -> None:
    arrived = receive.receive(district, [hand_in(town, month, stick, "镇复核")])[0]
    assert arrived.status is receive.Status.ACCEPTED


def conduct_of(district: Session, month: Period = JANUARY) -> Conduct:
    return town_of(rank.rank(district, month)).conduct


def test_who_has_handed_in_in_time_stands_before_who_has_not(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, JANUARY)
    take(district, town, JANUARY, offices.stick)
    made = rank.rank(district, JANUARY)
    assert [(p.unit, p.place, p.flag, p.snail) for p in made.places] == [
        (TOWN, 1, True, False),
        (STREET, 2, False, True),
    ]
    first, second = made.places
    assert (first.conduct.arrived, first.conduct.days_late) == ("2024-02-02", 0)
    assert (first.part(Part.TIMELINESS), first.part(Part.QUALITY)) == (10, 20)
    assert (second.conduct.arrived, second.conduct.days_late) == ("", None)
    assert (second.part(Part.TIMELINESS), second.part(Part.QUALITY)) == (0, 0)
    assert second.conduct.faults[Fault.MISSING] == second.conduct.asked
    assert second.minuses[0] == "本月没有上报"
    # The plan's first month: nothing to compare with, and no hand has been lifted before.
    assert (first.moved, first.explanation, made.compared_with) == (None, "", None)
    assert made.rules == rules_text(district.catalogue)
    told = json.loads(json.dumps(plain(made)))
    assert told["weights"] == {"progress": "40", "increment": "30", "quality": "20", "timeliness": "10"}
    assert [place["unit"] for place in told["places"]] == [TOWN, STREET]
    with pytest.raises(UserError) as caught:
        rank.rank(town, JANUARY)
    assert caught.value.code == "workspace.wrong_kind"


def test_the_day_of_arrival_is_that_in_beijing_of_what_was_not_undone(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    fill(town, JANUARY)
    package = hand_in(town, JANUARY, offices.stick, "镇复核")
    for day, hour, minute, arrived, late in (
        (5, 15, 30, "2024-02-05", 0),
        (5, 16, 30, "2024-02-06", 1),
        (29, 1, 0, "2024-02-29", 24),
    ):
        offices.clock.now = dt.datetime(2024, 2, day, hour, minute, tzinfo=dt.UTC)
        taken = receive.receive(district, [package])[0]
        found = conduct_of(district)
        assert (found.arrived, found.days_late) == (arrived, late)
        receive.undo(district, taken.id)
        assert conduct_of(district).days_late is None


def test_a_second_package_is_no_later_arrival(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, JANUARY)
    take(district, town, JANUARY, offices.stick)
    offices.clock.now = dt.datetime(2024, 2, 20, 1, 0, tzinfo=dt.UTC)
    take(district, town, JANUARY, offices.stick)
    assert conduct_of(district).days_late == 0


def test_a_package_of_february_brings_january_as_well(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    for month in (JANUARY, FEBRUARY):
        fill(town, month)
    offices.clock.now = dt.datetime(2024, 3, 2, 1, 0, tzinfo=dt.UTC)
    take(district, town, FEBRUARY, offices.stick)
    assert conduct_of(district, FEBRUARY).days_late == 0
    # Due on 5 February, here on 2 March of a leap year.
    assert (conduct_of(district).arrived, conduct_of(district).days_late) == ("2024-03-02", 26)


def test_returns_cost_most_while_they_stand(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, JANUARY)
    take(district, town, JANUARY, offices.stick)
    assert conduct_of(district).faults == {}
    places = [CellRef(VILLAGE, "households", JANUARY), FACTORIES]
    noted = returns.return_places(
        district, JANUARY, [ReturnRequest(ref, "比年报少 12 户，请逐户核对后重报") for ref in places]
    )
    made = town_of(rank.rank(district, JANUARY))
    assert made.conduct.faults == {Fault.RETURNED: 2}
    lost = [c.points for c in made.contributions if c.cause == Fault.RETURNED]
    # Two returned figures weigh ten cells of all that were asked, in 20 points.
    assert lost == [Fraction(-20 * 10, made.conduct.asked)]
    assert conduct_of(district, FEBRUARY).faults.get(Fault.RETURNED, 0) == 0
    returns.withdraw(district, noted[0].id)
    assert conduct_of(district).faults == {Fault.RETURNED: 1}


def test_a_correction_counts_in_the_month_whose_package_brought_it(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    fill(town, JANUARY)
    take(district, town, JANUARY, offices.stick)
    record.record_cells(town, {TRAINEES: DataValue.of(4)}, "补录1月20日一次培训的1人，见签到表")
    fill(town, FEBRUARY)
    take(district, town, FEBRUARY, offices.stick)
    assert Fault.CORRECTED not in conduct_of(district, JANUARY).faults
    assert conduct_of(district, FEBRUARY).faults[Fault.CORRECTED] == 1


def test_a_soft_finding_costs_only_without_a_reason(pair: tuple[Session, Session], offices: Offices) -> None:
    """Three factories in January, two in February: the rule asks why."""
    district, town = pair
    fill(town, JANUARY)
    fill(town, FEBRUARY)
    record.record_cells(town, {CellRef(TOWN, "factories", FEBRUARY): DataValue.of(2)})
    findings = check.check(town, FEBRUARY).unexplained
    assert len(findings) == 1
    check.give_reasons(town, findings, "一家2月15日停产，见市场监管所注销单")
    take(district, town, FEBRUARY, offices.stick)
    assert conduct_of(district, FEBRUARY).faults == {}
    with district.workspace.transaction("没有说明"):
        district.workspace.db.conn.execute("DELETE FROM finding_reason")
    assert conduct_of(district, FEBRUARY).faults == {Fault.SOFT: 1}


def test_the_month_before_is_compared_by_the_same_rules(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, JANUARY)
    take(district, town, JANUARY, offices.stick)
    fill(town, FEBRUARY)
    offices.clock.now = dt.datetime(2024, 3, 2, 1, 0, tzinfo=dt.UTC)
    take(district, town, FEBRUARY, offices.stick)
    made = rank.rank(district, FEBRUARY)
    assert made.compared_with == JANUARY
    now, then = town_of(made), town_of(rank.rank(district, JANUARY))
    assert now.moved == then.place - now.place
    change = now.score - then.score
    assert ("持平" if not change else f"{abs(change)}分") in now.explanation


def test_what_if_points_change_nothing_that_is_kept(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, JANUARY)
    take(district, town, JANUARY, offices.stick)
    as_it_stands = rank.rank(district, JANUARY)
    trial = rank.rank(district, JANUARY, {"timeliness": Decimal(100)})
    assert (trial.what_if, as_it_stands.what_if) == (True, False)
    assert [place.score for place in trial.places] == [100, 0]
    assert trial.rules[0] == "总分100分：进度0分，增量0分，质量0分，按时100分。"
    assert rank.rank(district, JANUARY) == as_it_stands
    with pytest.raises(UserError) as caught:
        rank.rank(district, JANUARY, {"timeliness": Decimal(10)})
    assert caught.value.code == "rank.weights"


def test_split_targets_take_the_place_of_the_districts(offices: Offices) -> None:
    district = offices.district()
    indicator = district.catalogue.indicators["7"]

    def asked() -> dict[str, Decimal]:
        made = rank.rank(district, Period.month(2024, 12))
        return {p.unit: m.asked for p in made.places for m in p.measures if m.indicator == "7"}

    # 300 over 2 and 5 units; 85.7 and 214.3, of which whole people can be asked.
    assert asked() == {STREET: 85, TOWN: 214}
    target_split.split_indicator(district, indicator)
    target_split.change_by_hand(district, indicator, 2024, {STREET: Decimal(50), TOWN: Decimal(250)})
    assert asked() == {STREET: 50, TOWN: 250}


def test_a_bare_district_ranks_its_towns_at_nothing(offices: Offices) -> None:
    district = offices.district()
    assert district.office.code == DISTRICT
    made = rank.rank(district, JANUARY)
    assert {place.score for place in made.places} == {0}
    assert [place.place for place in made.places] == [1, 1]
    assert not any(place.snail for place in made.places)
