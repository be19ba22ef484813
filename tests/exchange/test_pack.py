"""Seal and open: what goes in comes out, to whom it is meant, and nothing is written that a reader refuses."""

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vectors import make
from tests.vectors.package_writer import CREATED, DISTRICT, STRANGER, TOWN
from xzdesk.core.errors import Cancelled, UserError
from xzdesk.core.progress import Progress
from xzdesk.exchange import keys, limits, pack, parts, trust, unpack
from xzdesk.exchange.manifest import Kind, Manifest, MediaType, Receiver, Sender
from xzdesk.exchange.parts import Part

DRAFT = Manifest(
    kind=Kind.SUBMISSION,
    sender=Sender(unit=TOWN.unit, key_id=TOWN.key_id, epoch=1),
    receiver=Receiver(unit=DISTRICT.unit, key_id=DISTRICT.key_id),
    created=CREATED,
)
VALUES = parts.csv_part("values.csv", parts.VALUES, [("served", "990000100001", "2026-10", "value", "598")])
SEED = bytes(TOWN.sign)
TO = (DISTRICT.box_public, TOWN.box_public)
KNOWN = {STRANGER.key_id: STRANGER.sign_public, TOWN.key_id: TOWN.sign_public}
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


def refusal(action: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments, **named)
    return caught.value.code


@st.composite
def tables(draw: st.DrawFn, name: str) -> Part:
    width = draw(st.integers(1, 4))
    header = draw(st.lists(TEXT, min_size=width, max_size=width, unique=True))
    row = st.lists(TEXT, min_size=width, max_size=width)
    return parts.csv_part(name, header, draw(st.lists(row, max_size=6)), "vectors")


@settings(deadline=None, max_examples=60)
@given(tables("a.csv"), tables("b.csv"), st.binary(max_size=300), st.dictionaries(TEXT, st.integers(0, 9), max_size=3))
def test_what_goes_in_comes_out(one: Part, other: Part, photograph: bytes, extra: dict[str, int]) -> None:
    sent = [one, other, parts.attachment_part(photograph, MediaType.PNG)]
    draft = msgspec.structs.replace(DRAFT, body={"extra": extra})
    sealed = pack.seal(draft, sent, SEED, TO)
    opened = unpack.open_package(sealed.data, [DISTRICT.box_secret], KNOWN)
    assert list(opened.parts.values()) == sent
    assert opened.manifest == sealed.manifest
    assert opened.manifest_bytes == sealed.manifest_bytes
    assert opened.id == sealed.id == hashlib.sha256(sealed.manifest_bytes).hexdigest()
    assert (opened.signed_by, opened.carried) == (TOWN.key_id, None)


@settings(deadline=None)
@given(tables("a.csv"))
def test_tables_are_read_as_they_were_written(part: Part) -> None:
    header, rows = parts.read_csv(part)
    assert parts.csv_part("a.csv", header, rows, "vectors") == part


def test_the_sender_can_open_its_own_package_and_a_stranger_cannot() -> None:
    data = pack.seal(DRAFT, [VALUES], SEED, TO).data
    assert unpack.open_package(data, [TOWN.box_secret], KNOWN).manifest.sender.unit == TOWN.unit
    assert refusal(unpack.open_package, data, [STRANGER.box_secret], KNOWN) == "package.not_for_us"


def test_any_of_our_identities_opens_it() -> None:
    data = pack.seal(DRAFT, [VALUES], SEED, TO).data
    assert unpack.open_package(data, [STRANGER.box_secret, DISTRICT.box_secret], KNOWN).id


def test_the_same_content_has_the_same_id_in_any_envelope() -> None:
    one, other = (pack.seal(DRAFT, [VALUES], SEED, TO) for _ in range(2))
    assert one.id == other.id
    assert one.data != other.data


def test_a_package_without_parts() -> None:
    data = pack.seal(DRAFT, [], SEED, TO).data
    assert unpack.open_package(data, [DISTRICT.box_secret], KNOWN).parts == {}


def test_content_that_packs_too_well_is_packed_less() -> None:
    """A register of equal rows must not be refused as a bomb."""
    part = parts.csv_part("values.csv", ("a", "b"), [("0", "0")] * 200_000)
    opened = unpack.open_package(pack.seal(DRAFT, [part], SEED, TO).data, [DISTRICT.box_secret], KNOWN)
    assert opened.parts["values.csv"] == part
    entry = opened.manifest.parts[0]
    assert entry.size <= entry.length * limits.EXPANSION_RATIO


def test_recipients_up_to_the_limit() -> None:
    many = [keys.new_keys().box_public for _ in range(limits.RECIPIENTS)]
    data = pack.seal(DRAFT, [VALUES], SEED, [*many[1:], DISTRICT.box_public, DISTRICT.box_public]).data
    assert unpack.open_package(data, [DISTRICT.box_secret], KNOWN).id
    assert refusal(pack.seal, DRAFT, [VALUES], SEED, [*many, DISTRICT.box_public]) == "key.too_many_recipients"
    assert refusal(pack.seal, DRAFT, [VALUES], SEED, []) == "key.too_many_recipients"


def test_a_recipient_that_is_none() -> None:
    assert refusal(pack.seal, DRAFT, [VALUES], SEED, ["age1nobody"]) == "key.recipient_invalid"


def test_nothing_is_written_that_a_reader_refuses() -> None:
    assert refusal(pack.seal, DRAFT, [VALUES, VALUES], SEED, TO) == "package.part_duplicate"
    climbing = Part("../x.csv", MediaType.CSV, "vectors", VALUES.content, 1)
    assert refusal(pack.seal, DRAFT, [climbing], SEED, TO) == "package.part_name"
    long = msgspec.structs.replace(DRAFT, body={"x": "x" * limits.MANIFEST_BYTES})
    assert refusal(pack.seal, long, [VALUES], SEED, TO) == "package.manifest_too_large"
    newer = msgspec.structs.replace(DRAFT, critical=("body.quota",))
    assert refusal(pack.seal, newer, [VALUES], SEED, TO) == "package.critical_unknown"


def test_a_draft_that_names_parts_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="draft"):
        pack.seal(pack.seal(DRAFT, [VALUES], SEED, TO).manifest, [VALUES], SEED, TO)


def test_a_package_larger_than_a_reader_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(pack.seal(DRAFT, [VALUES], SEED, TO).data)
    monkeypatch.setattr(limits, "FILE_BYTES", size // 2)
    assert refusal(pack.seal, DRAFT, [VALUES], SEED, TO) == "package.too_large"


def test_sealing_and_opening_can_be_stopped() -> None:
    data = pack.seal(DRAFT, [VALUES], SEED, TO).data
    stopped = Progress(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        pack.seal(DRAFT, [VALUES], SEED, TO, stopped)
    with pytest.raises(Cancelled):
        unpack.open_package(data, [DISTRICT.box_secret], KNOWN, progress=stopped)


def test_names_of_later_versions_are_kept_and_named() -> None:
    opened = unpack.open_package(make.build("unknown-name"), [DISTRICT.box_secret], KNOWN)
    assert opened.unknown == ("quota",)
    assert b'"quota":{"a":1}' in opened.manifest_bytes


def test_a_code_opens_its_invitation_and_no_other_does() -> None:
    pair, code = keys.new_keys(), keys.new_code()
    record = pair.record(DISTRICT.unit, 1)
    body = trust.InvitationBody(TOWN.unit, 1, keys.new_nonce(), record)
    draft = Manifest(
        kind=Kind.INVITATION,
        sender=Sender(unit=DISTRICT.unit, key_id=pair.key_id, epoch=1),
        receiver=Receiver(unit=TOWN.unit),
        created=CREATED,
        body=body.to_body(),
    )
    data = pack.seal(draft, [], pair.sign_seed, [keys.code_identity(code).recipient, pair.box_public]).data
    opened = unpack.open_invitation(data, keys.format_number(code))
    assert (opened.signed_by, opened.carried) == (unpack.CARRIED, record)
    assert trust.read_invitation(opened.manifest) == body
    other = f"{(int(code) + 1) % 10**20:020d}"
    assert refusal(unpack.open_invitation, data, other) == "invitation.wrong_code"
    assert refusal(unpack.open_invitation, data, "123") == "invitation.code_unreadable"
    assert refusal(unpack.open_invitation, data[:-1], code) == "package.damaged"
    known = {pair.key_id: pair.sign_public}
    assert unpack.open_invitation(data, code, known).signed_by == pair.key_id


@pytest.mark.parametrize("odd", ["", "逗,号", '引"号', "换\n行", "换\r\n行", "隔\x1f开"])
def test_rows_of_one_text_each_make_the_same_part(odd: str) -> None:
    rows = [["甲", "一", "1"], [odd, "二", ""]]
    texts = ["\x1f".join(row) for row in rows]
    if "\x1f" in odd:
        with pytest.raises(ValueError, match="wide"):
            parts.joined_part("register_well.csv", ("a", "b", "c"), texts, "\x1f")
        return
    part = parts.joined_part("register_well.csv", ("a", "b", "c"), texts, "\x1f")
    assert part == parts.csv_part("register_well.csv", ("a", "b", "c"), rows)
    assert parts.read_joined(part, "\x1f") == (("a", "b", "c"), texts)


def test_a_long_field_in_rows_of_one_text_is_refused_and_a_long_row_is_not() -> None:
    long = "长" * 9000
    assert parts.joined_part("r.csv", ("a", "b"), [f"{long}\x1f{long}"], "\x1f").rows == 1
    with pytest.raises(UserError) as caught:
        parts.joined_part("r.csv", ("a", "b"), [f"{long * 2}\x1f"], "\x1f")
    assert caught.value.code == "package.field_too_long"
