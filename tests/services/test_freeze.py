"""Freezing a month: what is published stays, and a later edition says what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.services import freeze, receive, record
from xzdesk.services.freeze import ChangedFigure
from xzdesk.services.session import Session
from xzdesk.store import snapshots

from .conftest import TOWN, VILLAGE, Offices, fill, hand_in

MONTH = Period.month(2024, 1)


@pytest.fixture
def pair(offices: Offices) -> tuple[Session, Session]:
    district = offices.district()
    town = offices.below(district, TOWN, "镇")
    fill(town, MONTH)
    return district, town


def hand_up(district: Session, town: Session, stick: Path) -> None:
    receive.receive(district, [hand_in(town, MONTH, stick, "镇复核")])


def test_nothing_is_frozen_before_anything_came(pair: tuple[Session, Session]) -> None:
    with pytest.raises(UserError) as caught:
        freeze.freeze(pair[0], MONTH)
    assert caught.value.code == "freeze.nothing"


def test_the_same_figures_make_no_second_edition(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    hand_up(district, town, offices.stick)
    first = freeze.freeze(district, MONTH)
    again = freeze.freeze(district, MONTH)
    assert (first.edition, first.is_new, first.changed) == (1, True, ())
    assert (again.edition, again.is_new, again.digest) == (1, False, first.digest)


def test_a_second_edition_lists_every_figure_that_changed(pair: tuple[Session, Session], offices: Offices) -> None:
    """上溪村 trained 5 instead of 3: the town's 15 become 17, and so do the district's."""
    district, town = pair
    hand_up(district, town, offices.stick)
    freeze.freeze(district, MONTH)
    reason = "补录2人，见培训签到册第3页"
    record.record_cells(town, {CellRef(VILLAGE, "trainees", MONTH): DataValue.of(5)}, reason)
    hand_up(district, town, offices.stick)
    second = freeze.freeze(district, MONTH)
    assert (second.edition, second.is_new) == (2, True)
    *figures, ranked = second.changed
    assert figures == [
        ChangedFigure("7", "培训人次", "990101", "15", "17"),
        ChangedFigure("7", "培训人次", TOWN, "15", "17"),
    ]
    assert (ranked.name, ranked.unit) == ("排名", TOWN)
    assert ranked.before != ranked.after
    kept = snapshots.find(district.workspace, MONTH, 1)
    assert kept is not None
    assert kept.content["figures"]["7"]["units"]["990101"]["value"] == "15"
    assert [each.edition for each in freeze.editions(district, MONTH)] == [2, 1]


def test_only_the_district_freezes(pair: tuple[Session, Session]) -> None:
    with pytest.raises(UserError) as caught:
        freeze.freeze(pair[1], MONTH)
    assert caught.value.code == "workspace.wrong_kind"
