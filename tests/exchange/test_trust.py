"""Records in a manifest's body: written and read alike; a rotation counts only from the owner of both keys."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.vectors.package_writer import CREATED, DISTRICT, TOWN
from xzdesk.core.errors import UserError
from xzdesk.exchange import keys, manifest, trust
from xzdesk.exchange.manifest import Kind, Manifest, Receiver, Sender
from xzdesk.exchange.trust import (
    Acknowledgement,
    ChainHead,
    EnrolmentBody,
    ReceiptBody,
    Rotation,
    Taken,
    TrustEntry,
    TrustList,
    TrustStatus,
)

OLD, NEW, OTHER = keys.new_keys(), keys.new_keys(), keys.new_keys()
HELD = OLD.record(TOWN.unit, 1)
NEXT = NEW.record(TOWN.unit, 2)


def carrying(body: dict[str, Any], sender: keys.KeyRecord = HELD, **changes: Any) -> Manifest:
    """A manifest that has been through its bytes."""
    made = Manifest(
        kind=Kind.SUBMISSION,
        sender=Sender(unit=sender.unit, key_id=sender.key_id, epoch=sender.epoch),
        receiver=Receiver(unit=DISTRICT.unit, key_id=DISTRICT.key_id),
        created=CREATED,
        body=body,
    )
    return manifest.decode(manifest.encode(msgspec.structs.replace(made, **changes)))


def refusal(action: Any, *arguments: Any) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments)
    return caught.value.code


def test_an_enrolment_is_read_as_written() -> None:
    body = EnrolmentBody(HELD, keys.new_nonce())
    found = carrying(body.to_body())
    assert trust.read_enrolment(found) == body
    assert trust.read_carried_keys(found) == HELD


def test_an_enrolment_of_other_keys_than_the_signer_is_refused() -> None:
    body = EnrolmentBody(OTHER.record(TOWN.unit, 1), keys.new_nonce())
    assert refusal(trust.read_enrolment, carrying(body.to_body())) == "package.body_invalid"


def test_a_receipt_is_read_as_written() -> None:
    body = ReceiptBody(
        epoch=1,
        acknowledged=(
            Acknowledgement(package="ab" * 32, sequence=4, taken=Taken.ACCEPTED),
            Acknowledgement(package="cd" * 32, sequence=4, taken=Taken.QUARANTINED, cause="分叉"),
        ),
        head=ChainHead(sequence=4, id="ab" * 32),
        witnessed="ef" * 32,
    )
    assert trust.read_receipt(carrying(body.to_body(), kind=Kind.RECEIPT)) == body
    empty = ReceiptBody(epoch=1)
    assert trust.read_receipt(carrying(empty.to_body(), kind=Kind.RECEIPT)) == empty


def test_a_trust_list_is_read_as_written() -> None:
    statuses = zip((OLD, NEW, OTHER), TrustStatus, strict=True)
    listed = TrustList(7, tuple(TrustEntry(pair.record(TOWN.unit, 1), status) for pair, status in statuses))
    assert trust.read_trust_list(carrying(listed.to_body(), trust_version=7)) == listed


def test_records_of_several_kinds_stand_side_by_side() -> None:
    rotation = trust.make_rotation(OLD, NEW, NEXT)
    found = carrying(trust.keys_body(HELD) | rotation.to_body() | TrustList(0, ()).to_body())
    assert trust.read_carried_keys(found) == HELD
    assert trust.read_rotation(found) == rotation
    assert trust.read_trust_list(found) == TrustList(0, ())


def test_what_is_absent_is_none() -> None:
    found = carrying({})
    assert trust.read_carried_keys(found) is None
    assert trust.read_rotation(found) is None
    assert trust.read_trust_list(found) is None


def test_a_rotation_by_both_keys_gives_the_new_one() -> None:
    rotation = trust.make_rotation(OLD, NEW, NEXT)
    assert trust.check_rotation(rotation, HELD) == NEXT
    assert trust.read_rotation(carrying(rotation.to_body())) == rotation
    assert trust.read_rotation(carrying(rotation.to_body(), NEXT)) == rotation


def test_nobody_rides_on_the_rotation_of_another() -> None:
    """A third key signs a package with a rotation that is right in itself."""
    rotation = trust.make_rotation(OLD, NEW, NEXT)
    found = carrying(rotation.to_body(), OTHER.record(TOWN.unit, 2))
    assert refusal(trust.read_rotation, found) == "package.body_invalid"


@pytest.mark.parametrize(
    ("rotation", "code"),
    [
        (trust.make_rotation(OTHER, NEW, NEXT), "rotation.other_key"),
        (trust.make_rotation(OLD, NEW, NEW.record(DISTRICT.unit, 2)), "rotation.unit"),
        (trust.make_rotation(OLD, NEW, NEW.record(TOWN.unit, 1)), "rotation.epoch"),
        (replace(trust.make_rotation(OLD, NEW, NEXT), old_signature=bytes(64)), "rotation.signature"),
        (replace(trust.make_rotation(OLD, NEW, NEXT), new_signature=bytes(64)), "rotation.signature"),
        (trust.make_rotation(OLD, OTHER, NEXT), "rotation.signature"),
        (
            replace(trust.make_rotation(OLD, NEW, NEXT), keys=NEW.record(TOWN.unit, 2, [OTHER.box_public])),
            "rotation.signature",
        ),
        (replace(trust.make_rotation(OLD, NEW, NEXT), keys=NEW.record(TOWN.unit, 3)), "rotation.signature"),
    ],
    ids=[
        "of another key",
        "to another unit",
        "to the same epoch",
        "old key did not sign",
        "new key did not sign",
        "another new key signed",
        "a recipient added",
        "another epoch",
    ],
)
def test_a_rotation_that_counts_for_nothing(rotation: Rotation, code: str) -> None:
    assert refusal(trust.check_rotation, rotation, HELD) == code


def test_a_signature_of_one_purpose_is_none_of_another() -> None:
    """The text of a rotation never begins like that of a package."""
    rotation = trust.make_rotation(OLD, NEW, NEXT)
    assert not trust.is_signed(keys.record_bytes(NEXT), rotation.old_signature, OLD.sign_public)
    assert not trust.is_signed(b"anything", b"short", OLD.sign_public)
    assert not trust.is_signed(b"anything", bytes(64), b"short")
