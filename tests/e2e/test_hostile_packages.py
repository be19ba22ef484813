"""A town with a trusted key that lies in what concerns the package as a whole: refused without any change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.e2e.liar import MONTH
from tests.e2e.state import contents
from tests.e2e.world import OTHER, PHOTO, World, receive_lie, submission
from tests.services.conftest import DISTRICT, TOWN, VILLAGE
from xzdesk.core.errors import UserError
from xzdesk.exchange import trust
from xzdesk.exchange.keys import KeyPair
from xzdesk.exchange.manifest import Kind, MediaType, Sender
from xzdesk.exchange.parts import ATTACHMENTS, CORRECTIONS, FINDINGS, VALUES, Part, attachment_part, csv_part
from xzdesk.services import receive
from xzdesk.services.receive import Arrived, Status
from xzdesk.services.session import Session
from xzdesk.store import partners

Lie = Callable[[World], bytes]


def revised(revisions: object) -> Lie:
    return lambda world: submission(world, world.honest.say(revisions=revisions))


def with_part(part: Part) -> Lie:
    """With one part more, or in place of the one of its name."""
    return lambda world: submission(world, world.honest.without(part.name).with_part(part))


REFUSED: dict[str, tuple[Lie, str]] = {
    "values of another form": (
        lambda w: submission(w, w.honest.put("values.csv", w.honest.rows("values.csv"), VALUES[::-1])),
        "package.csv_header",
    ),
    "a register of another form": (
        lambda w: submission(w, w.honest.put("register_well.csv", [], ("id", "unit", "deleted", "revision", "owner"))),
        "register.header",
    ),
    "a register without ids": (
        lambda w: submission(w, w.honest.put("register_well.csv", [], ("name", "kind"))),
        "register.header",
    ),
    "corrections of another form": (
        lambda w: submission(w, w.honest.put("corrections.csv", [], CORRECTIONS[1:])),
        "package.csv_header",
    ),
    "reasons of another form": (
        lambda w: submission(w, w.honest.put("findings.csv", [], FINDINGS[1:])),
        "package.csv_header",
    ),
    "no values at all": (lambda w: submission(w, w.honest.without("values.csv")), "package.part_missing"),
    "no period": (lambda w: submission(w, period=""), "period.unreadable"),
    "a year": (lambda w: submission(w, period="2024"), "period.not_month"),
    "a quarter": (lambda w: submission(w, period="2024Q1"), "period.not_month"),
    "before the plan": (lambda w: submission(w, period="2023-12"), "period.outside"),
    "after the plan": (lambda w: submission(w, period="2029-01"), "period.outside"),
    "no revisions": (revised(None), "package.manifest_invalid"),
    "revisions as a list": (revised([2]), "package.manifest_invalid"),
    "a revision as text": (revised({VILLAGE: "9"}), "package.manifest_invalid"),
    "a revision below nothing": (revised({VILLAGE: -1}), "package.manifest_invalid"),
    "a revision as a truth": (revised({VILLAGE: True}), "package.manifest_invalid"),
    "a revision that nothing could follow": (revised({VILLAGE: 10**15}), "package.revision_leap"),
    "a revision within a revision": (revised({VILLAGE: {"a": 1}}), "package.manifest_invalid"),
    "a photograph with other bytes": (
        with_part(replace(attachment_part(PHOTO + b"1", MediaType.PNG), content=PHOTO + b"2")),
        "package.attachment",
    ),
    "a program as a photograph": (
        with_part(attachment_part(b"MZ" + bytes(100), MediaType.PNG)),
        "attachment.type",
    ),
    "a gigantic photograph": (
        with_part(attachment_part(PHOTO + bytes(8 * 1024 * 1024), MediaType.PNG)),
        "attachment.too_large",
    ),
    "a photograph with a title without end": (
        lambda w: submission(w, w.honest.put("attachments.csv", [["well", w.own_row, "a" * 64, "长" * 101]])),
        "attachment.title",
    ),
    "photographs of another form": (
        lambda w: submission(w, w.honest.put("attachments.csv", [], ATTACHMENTS[::-1])),
        "package.csv_header",
    ),
    "values that are a photograph": (
        with_part(Part("values.csv", MediaType.PNG, "x", PHOTO)),
        "package.csv_encoding",
    ),
    "values with a quote of another form": (
        with_part(Part("values.csv", MediaType.CSV, "x", b'a,"b\r\n', 0)),
        "package.csv_form",
    ),
    "values with a row more than told": (
        with_part(replace(csv_part("values.csv", VALUES, [["a"] * 5]), rows=2)),
        "package.part_rows",
    ),
    "somebody else's name": (
        lambda w: submission(w, sender=sender(w, unit=OTHER)),
        "chain.wrong_sender",
    ),
    "another epoch": (lambda w: submission(w, sender=sender(w, epoch=2)), "chain.wrong_sender"),
    "a number far ahead": (lambda w: submission(w, sequence=5_000), "chain.leap"),
    "the first number with a previous id": (lambda w: submission(w, sequence=1), "chain.inconsistent"),
    "a task to the district": (lambda w: w.liar.seal(Kind.TASK, [], {}), "chain.wrong_kind"),
    "a receipt to the district": (lambda w: w.liar.seal(Kind.RECEIPT, [], {}), "chain.wrong_kind"),
    "an invitation to the district": (lambda w: w.liar.seal(Kind.INVITATION, [], {}), "chain.wrong_kind"),
    "an enrolment that nobody asked for": (
        lambda w: w.liar.seal(
            Kind.ENROLMENT, [], {**w.honest.body, "enrolment": {"nonce": "0" * 64}}, sequence=1, previous=""
        ),
        "enrol.no_invitation",
    ),
}  # fmt: skip


def sender(world: World, **changes: Any) -> Sender:
    return Sender(**{"unit": world.liar.unit, "key_id": world.liar.key.key_id, "epoch": 1, **changes})


@pytest.mark.parametrize("lie", REFUSED)
def test_refused_without_any_change(world: World, district: Session, lie: str) -> None:
    build, code = REFUSED[lie]
    before = contents(district)
    assert receive_lie(world, district, build(world)) == code
    assert contents(district) == before
    # The office goes on: the honest package with the same number is taken.
    after = receive_lie(world, district, submission(world))
    assert isinstance(after, Arrived)
    assert (after.status, after.code) == (Status.ACCEPTED, "chain.normal")
    assert after.effects.bad_rows == {}


def test_sixty_four_parts_are_taken_and_the_unknown_ones_left_alone(world: World, district: Session) -> None:
    parts = [
        csv_part(f"register_{number}.csv", ("a", "b"), [("1", "2")]) for number in range(64 - len(world.honest.parts))
    ]
    arrived = receive_lie(world, district, submission(world, world.honest.with_part(*parts)))
    assert isinstance(arrived, Arrived)
    assert arrived.effects.bad_rows == {}


def test_a_submission_that_names_no_task_waits(world: World, district: Session) -> None:
    arrived = receive_lie(world, district, submission(world, task=None))
    assert isinstance(arrived, Arrived)
    assert (arrived.status, arrived.code) == (Status.QUARANTINED, "chain.wrong_task")


def test_a_package_that_waits_leaves_no_other_trace(world: World, district: Session) -> None:
    before = contents(district)
    arrived = receive_lie(world, district, submission(world, sequence=1, previous=""))
    assert isinstance(arrived, Arrived)
    assert (arrived.status, arrived.code) == (Status.QUARANTINED, "chain.fork")
    after = contents(district)
    assert {table for table in after if after[table] != before[table]} == {"package", "package_content"}


# --- keys -------------------------------------------------------------------------------------------------------------


def with_keys(world: World, unit: str, epoch: int) -> bytes:
    """A submission in the name of ``unit``, signed by keys of the liar's own that come with it."""
    stranger, record = world.liar.with_new_keys(unit, epoch)
    body = {**world.honest.body, **trust.keys_body(record)}
    return stranger.seal(Kind.SUBMISSION, world.honest.parts, body, period=str(MONTH))


def test_unknown_keys_in_the_name_of_another_town_only_ever_wait(world: World, district: Session) -> None:
    """They are noted beside the trusted ones, for the phone call; nothing is taken, nothing replaced."""
    before = contents(district)
    arrived = receive.receive_bytes(district, "假包.xzpkg", with_keys(world, OTHER, 2))
    assert (arrived.status, arrived.code) == (Status.QUARANTINED, "chain.key_pending")
    after = contents(district)
    assert set(before["partner"]) < set(after["partner"])
    changed = sorted(table for table in after if after[table] != before[table])
    assert changed == ["package", "package_content", "partner"]


@pytest.mark.parametrize("unit", [OTHER, TOWN, VILLAGE, DISTRICT, "990101999"])
def test_unknown_keys_that_nobody_expects_are_refused(world: World, district: Session, unit: str) -> None:
    """A gigantic epoch would keep the town from ever being invited again: the next has to be higher."""
    before = contents(district)
    with pytest.raises(UserError) as caught:
        receive.receive_bytes(district, "假包.xzpkg", with_keys(world, unit, 10**15))
    assert caught.value.code == "chain.key_unknown"
    assert contents(district) == before


def test_a_change_of_keys_is_announced_by_its_owner_alone(world: World, district: Session) -> None:
    other = partners.trusted_key(district.workspace, OTHER)
    assert other is not None
    stranger, record = world.liar.with_new_keys(OTHER, 2)
    own = world.liar.key
    old = KeyPair(own.sign_seed, other.sign_public, own.box_secret, other.box_publics[0])
    new = KeyPair(stranger.key.sign_seed, stranger.key.sign_public, stranger.key.box_secret, stranger.key.box_public)
    body = {**world.honest.body, **trust.keys_body(record), **trust.make_rotation(old, new, record).to_body()}
    before = contents(district)
    with pytest.raises(UserError) as caught:
        receive.receive_bytes(district, "假包.xzpkg", stranger.seal(Kind.SUBMISSION, [], body, period=str(MONTH)))
    assert caught.value.code == "rotation.signature"
    assert contents(district) == before


def test_a_change_of_keys_may_not_leap(world: World, district: Session) -> None:
    """A stolen key must not spoil the epochs of its office for good."""
    liar, own = world.liar, world.liar.key
    changed, record = liar.with_new_keys(TOWN, 10**15)
    old = KeyPair(own.sign_seed, own.sign_public, own.box_secret, own.box_public)
    new = KeyPair(changed.key.sign_seed, changed.key.sign_public, changed.key.box_secret, changed.key.box_public)
    body = {**world.honest.body, **trust.keys_body(record), **trust.make_rotation(old, new, record).to_body()}
    before = contents(district)
    with pytest.raises(UserError) as caught:
        receive.receive_bytes(district, "假包.xzpkg", changed.seal(Kind.SUBMISSION, [], body, period=str(MONTH)))
    assert caught.value.code == "rotation.epoch"
    assert contents(district) == before
