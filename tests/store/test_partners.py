"""Keys of this office and of others: pending, trusted, replaced, revoked; and the trust list from above."""

from collections.abc import Sequence

import pytest

from xzdesk.core.errors import UserError
from xzdesk.store import partners
from xzdesk.store.connect import Workspace
from xzdesk.store.partners import OwnKey, Partner, PartnerRole, PartnerStatus, TrustEntry

DISTRICT, CREEK, PINE = "990101", "990101101", "990101001"


def own(ws: Workspace, name: str, epoch: int | None = None) -> OwnKey:
    with ws.transaction("密钥"):
        return partners.add_own_key(
            ws, key_id=name, sign_seed=b"seed " + name.encode(), sign_public=b"public", box_secret=f"secret {name}",
            box_public=f"age {name}", epoch=epoch,
        )  # fmt: skip


def pending(
    ws: Workspace,
    name: str,
    *,
    unit: str = CREEK,
    epoch: int = 1,
    role: PartnerRole = PartnerRole.LOWER,
    public: bytes = b"public",
    recipients: Sequence[str] = ("age",),
    number: str = "1" * 30,
) -> Partner:
    with ws.transaction("登记"):
        return partners.add_pending(
            ws, key_id=name, unit=unit, epoch=epoch, suite=1, sign_public=public, box_publics=recipients, role=role,
            number=number,
        )  # fmt: skip


def decide(ws: Workspace, name: str, status: PartnerStatus = PartnerStatus.TRUSTED) -> Partner:
    with ws.transaction("核对"):
        return partners.decide(ws, name, status)


def refused(call: object, *arguments: object, **named: object) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    return caught.value.code


def status_of(ws: Workspace, name: str) -> PartnerStatus:
    found = partners.find_by_key_id(ws, name)
    assert found is not None
    return found.status


def test_the_newest_own_key_is_in_use_and_epochs_rise(office: Workspace) -> None:
    assert partners.own_keys(office) == ()
    assert partners.recipients(office) == ()
    first, second, third = own(office, "k1"), own(office, "k2"), own(office, "k7", epoch=7)
    assert (first.epoch, second.epoch, third.epoch) == (1, 2, 7)
    assert partners.own_keys(office) == (third, second, first)
    assert partners.recipients(office) == ("age k7",)
    with pytest.raises(RuntimeError):
        own(office, "k8", epoch=7)


def test_secrets_never_show(office: Workspace) -> None:
    assert "secret" not in repr(own(office, "k1"))
    assert "seed" not in repr(partners.own_keys(office))
    logged = office.db.conn.execute("SELECT after FROM journal WHERE entity = 'own_key'").fetchone()[0]
    assert "secret" not in logged
    assert "seed" not in logged


def test_a_key_waits_until_it_is_decided(office: Workspace) -> None:
    noted = pending(office, "a")
    assert noted.status is PartnerStatus.PENDING
    assert partners.trusted_key(office, CREEK) is None
    trusted = decide(office, "a")
    assert partners.trusted_key(office, CREEK) == trusted
    assert (trusted.decided_by, trusted.trusted_at) == ("王会计", trusted.decided_at)
    assert partners.partners(office, PartnerRole.LOWER, PartnerStatus.TRUSTED, unit=CREEK) == (trusted,)
    assert partners.partners(office, PartnerRole.UPPER) == ()
    assert pending(office, "a") == trusted, "the same file again changes nothing"


def test_what_waits_follows_the_newest_file(office: Workspace) -> None:
    pending(office, "a")
    newer = pending(office, "a", recipients=("age", "age2"), number="2" * 30)
    assert partners.find_by_key_id(office, "a") == newer
    assert newer.box_publics == ("age", "age2")


def test_a_key_that_disagrees_with_what_is_held_is_refused(office: Workspace) -> None:
    pending(office, "a")
    for other in ({"unit": PINE}, {"epoch": 2}, {"public": b"other"}, {"role": PartnerRole.UPPER}):
        assert refused(pending, office, "a", **other) == "partner.key_conflict"
    decide(office, "a")
    assert refused(pending, office, "a", recipients=("thief",)) == "partner.key_conflict"


def test_a_newer_epoch_replaces_the_key_trusted_so_far(office: Workspace) -> None:
    assert partners.next_epoch(office, CREEK) == 1
    pending(office, "a")
    decide(office, "a")
    pending(office, "b", epoch=2)
    assert partners.next_epoch(office, CREEK) == 3
    assert status_of(office, "a") is PartnerStatus.TRUSTED, "until the call"
    decide(office, "b")
    assert (status_of(office, "a"), status_of(office, "b")) == (PartnerStatus.REPLACED, PartnerStatus.TRUSTED)
    assert refused(decide, office, "a") == "partner.older_epoch"
    pending(office, "c", epoch=2)
    assert refused(decide, office, "c") == "partner.older_epoch"


def test_a_revoked_key_stays_revoked(office: Workspace) -> None:
    pending(office, "a")
    decide(office, "a")
    assert decide(office, "a", PartnerStatus.REVOKED).trusted_at is not None
    assert partners.trusted_key(office, CREEK) is None
    assert refused(decide, office, "a") == "partner.revoked"
    assert refused(decide, office, "zzz") == "partner.unknown"
    with pytest.raises(RuntimeError):
        decide(office, "a", PartnerStatus.REPLACED)


def test_every_decision_raises_the_version_of_the_list(office: Workspace) -> None:
    assert partners.trust_version(office) == 0
    own(office, "k1")
    pending(office, "a")
    assert partners.trust_version(office) == 1
    decide(office, "a")
    decide(office, "a")
    assert partners.trust_version(office) == 2
    with office.transaction("收件人"):
        partners.set_extra_recipients(office, ["age deputy"])
    assert partners.trust_version(office) == 3


def test_the_list_names_own_keys_and_decided_ones(office: Workspace) -> None:
    own(office, "k1")
    own(office, "k2")
    with office.transaction("收件人"):
        partners.set_extra_recipients(office, ["age deputy", "age deputy"])
    pending(office, "a")
    decide(office, "a")
    pending(office, "b", unit=PINE)
    told = [(e.unit, e.key_id, e.box_publics, e.status) for e in partners.trust_list(office, DISTRICT)]
    assert told == [
        (DISTRICT, "k2", ("age k2", "age deputy"), PartnerStatus.TRUSTED),
        (DISTRICT, "k1", ("age k1",), PartnerStatus.REPLACED),
        (CREEK, "a", ("age",), PartnerStatus.TRUSTED),
    ]


def test_recipients_have_a_limit(office: Workspace) -> None:
    own(office, "k1")
    most = [f"age {number}" for number in range(partners.RECIPIENTS_MAX - 2)]
    with office.transaction("收件人"):
        partners.set_extra_recipients(office, most)
        assert refused(partners.set_extra_recipients, office, [*most, "one more"]) == "recipients.too_many"
    assert len(partners.recipients(office)) == partners.RECIPIENTS_MAX - 1, "one place is the recovery key's"


def test_the_recovery_recipient_is_kept(office: Workspace) -> None:
    assert partners.recovery_recipient(office) is None
    with office.transaction("恢复密钥"):
        partners.set_recovery_recipient(office, "age paper")
    assert partners.recovery_recipient(office) == "age paper"


def entry(
    name: str, epoch: int, status: PartnerStatus, *, unit: str = DISTRICT, recipients: tuple[str, ...] = ("age",),
    public: bytes = b"public",
) -> TrustEntry:  # fmt: skip
    return TrustEntry(unit, name, epoch, 1, public, recipients, status)


def follow(ws: Workspace, version: int, *entries: TrustEntry) -> partners.TrustApplied:
    with ws.transaction("名单"):
        return partners.apply_trust_list(ws, entries, version, upper_unit=DISTRICT, own_unit=CREEK)


@pytest.fixture
def below(office: Workspace) -> Workspace:
    """A town that trusts the district's first key."""
    pending(office, "d1", unit=DISTRICT, role=PartnerRole.UPPER)
    decide(office, "d1")
    return office


def test_a_list_from_above_brings_the_districts_new_key(below: Workspace) -> None:
    applied = follow(
        below, 3, entry("d2", 2, PartnerStatus.TRUSTED), entry("d1", 1, PartnerStatus.REPLACED),
        entry("mine", 1, PartnerStatus.TRUSTED, unit=CREEK), entry("else", 1, PartnerStatus.TRUSTED, unit=PINE),
    )  # fmt: skip
    assert applied.version == partners.upper_trust_version(below) == 3
    assert {p.key_id for p in applied.changed} == {"d1", "d2"}
    assert [e.key_id for e in applied.about_us] == ["mine"]
    assert (status_of(below, "d1"), status_of(below, "d2")) == (PartnerStatus.REPLACED, PartnerStatus.TRUSTED)
    assert partners.find_by_key_id(below, "else") is None, "it has no say about offices below us"


def test_an_older_list_changes_nothing_and_the_same_again_finds_all_done(below: Workspace) -> None:
    follow(below, 3, entry("d2", 2, PartnerStatus.TRUSTED))
    assert follow(below, 2, entry("d3", 3, PartnerStatus.TRUSTED)) == partners.TrustApplied(3, (), ())
    assert follow(below, 3, entry("d2", 2, PartnerStatus.TRUSTED)).changed == ()
    assert partners.find_by_key_id(below, "d3") is None


def test_a_list_revokes_for_good(below: Workspace) -> None:
    follow(below, 3, entry("d1", 1, PartnerStatus.REVOKED))
    assert status_of(below, "d1") is PartnerStatus.REVOKED
    follow(below, 4, entry("d1", 1, PartnerStatus.TRUSTED))
    assert status_of(below, "d1") is PartnerStatus.REVOKED
    follow(below, 5, entry("d0", 1, PartnerStatus.TRUSTED))
    assert partners.find_by_key_id(below, "d0") is None, "an epoch that was trusted once does not come back"


def test_a_list_takes_over_recipients(below: Workspace) -> None:
    follow(below, 3, entry("d1", 1, PartnerStatus.TRUSTED, recipients=("age", "age deputy")))
    trusted = partners.trusted_key(below, DISTRICT)
    assert trusted is not None
    assert trusted.box_publics == ("age", "age deputy")


def test_a_list_that_disagrees_about_a_held_key_is_refused(below: Workspace) -> None:
    changed = entry("d1", 1, PartnerStatus.TRUSTED, public=b"other")
    assert refused(follow, below, 3, changed) == "partner.key_conflict"
    assert partners.upper_trust_version(below) == 0


def test_writing_needs_a_transaction(office: Workspace) -> None:
    with pytest.raises(RuntimeError):
        partners.decide(office, "a", PartnerStatus.TRUSTED)
    with pytest.raises(RuntimeError):
        partners.set_recovery_recipient(office, "age")
