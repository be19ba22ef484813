"""Vectors of framing, signature and the key that a package brings."""

from typing import Any

from nacl import bindings

from tests.vectors.age_writer import age_file
from tests.vectors.case import ACCEPTED, Case, Mode
from tests.vectors.package_writer import (
    CODE,
    DISTRICT,
    FIRST_LINE,
    STRANGER,
    TOWN,
    VALUES,
    Json,
    Office,
    key_id,
    line,
    manifest,
    package,
    plain,
    raw_package,
    sealed,
    text64,
)
from xzdesk.exchange import keys

LINE = line(manifest())
ORDER = 2**252 + 27742317777372353535851937790883648493
MANIFEST_LIMIT = 256 * 1024
NONCE = "ef" * 32


def with_lines(name: str, **changes: Any) -> bytes:
    return sealed(plain(LINE, **changes), name)


def right_signature() -> bytes:
    return TOWN.sign.sign(FIRST_LINE + LINE).signature


def malleable() -> bytes:
    """S plus the group's order: the same signature to a lax reader."""
    signature = right_signature()
    shifted = int.from_bytes(signature[32:], "little") + ORDER
    return signature[:32] + shifted.to_bytes(32, "little")


def stray_bits() -> bytes:
    text = text64(right_signature())
    marks = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return f"{text[:85]}{marks[marks.index(text[85]) | 15]}==\n".encode()


def sized_manifest(length: int) -> bytes:
    """A valid manifest of exactly ``length`` bytes: an unknown name makes up the length."""
    bare = len(line(manifest(remark="")))
    return line(manifest(remark="x" * (length - bare)))


FRAME = [
    Case("frame-no-first-line", "package.frame", "the first line is missing", lambda: with_lines("f1", first_line=b"")),
    Case(
        "frame-first-line-crlf",
        "package.frame",
        "the first line ends in CR LF",
        lambda: with_lines("f2", first_line=b"xzdesk-package/1\r\n"),
    ),
    Case(
        "frame-version-2",
        "package.format_newer",
        "a format not yet made",
        lambda: with_lines("f3", first_line=b"xzdesk-package/2\n"),
    ),
    Case(
        "frame-version-01",
        "package.frame",
        "a version with a leading zero",
        lambda: with_lines("f4", first_line=b"xzdesk-package/01\n"),
    ),
    Case(
        "frame-ends-after-first-line",
        "package.signature_form",
        "nothing after the first line",
        lambda: sealed(FIRST_LINE, "f5"),
    ),
    Case(
        "frame-manifest-open",
        "package.frame",
        "the manifest's line has no end",
        lambda: sealed(plain(LINE, ()).removesuffix(b"\n"), "f6"),
    ),
    Case("manifest-256-kib", ACCEPTED, "as long as allowed", lambda: raw_package("m1", sized_manifest(MANIFEST_LIMIT))),
    Case(
        "manifest-256-kib-1",
        "package.manifest_too_large",
        "one byte more",
        lambda: raw_package("m2", sized_manifest(MANIFEST_LIMIT + 1)),
    ),
]

SIGNATURE = [
    Case(
        "signature-short",
        "package.signature_form",
        "63 bytes",
        lambda: with_lines("s1", signature=right_signature()[:63]),
    ),
    Case(
        "signature-long",
        "package.signature_form",
        "65 bytes",
        lambda: with_lines("s2", signature=right_signature() + b"\0"),
    ),
    Case(
        "signature-stray-bits",
        "package.signature_form",
        "base64 with stray bits",
        lambda: with_lines("s3", signature_line=stray_bits()),
    ),
    Case(
        "signature-blank",
        "package.signature_form",
        "a blank before the line's end",
        lambda: with_lines("s4", signature_line=text64(right_signature()).encode() + b" \n"),
    ),
    Case(
        "signature-url-alphabet",
        "package.signature_form",
        "- and _ for + and /",
        lambda: with_lines("s5", signature_line=b"-_" + text64(right_signature()).encode()[2:] + b"\n"),
    ),
    Case("signature-zero", "package.signer_unknown", "all zero", lambda: with_lines("s6", signature=bytes(64))),
    Case(
        "signature-malleable",
        "package.signer_unknown",
        "S is not below the group's order",
        lambda: with_lines("s7", signature=malleable()),
    ),
    Case(
        "signature-of-stranger",
        "package.signer_unknown",
        "signed by a key nobody knows",
        lambda: with_lines("s8", signer=STRANGER),
    ),
    Case(
        "signature-without-first-line",
        "package.signer_unknown",
        "of the manifest alone",
        lambda: with_lines("s9", signature=TOWN.sign.sign(LINE).signature),
    ),
    Case(
        "signature-with-line-end",
        "package.signer_unknown",
        "of the manifest with its line end",
        lambda: with_lines("s10", signature=TOWN.sign.sign(FIRST_LINE + LINE + b"\n").signature),
    ),
    Case(
        "manifest-altered",
        "package.signer_unknown",
        "one figure changed after signing, then encrypted again",
        lambda: sealed(plain(LINE.replace(b'"values":1', b'"values":2'), signature=right_signature()), "s11"),
    ),
    Case(
        "sender-not-signer",
        "package.signer_mismatch",
        "a known key signed for another office's key",
        lambda: package("s12", sender={"unit": STRANGER.unit, "key_id": STRANGER.key_id, "epoch": 1}),
    ),
]


def carrying(name: str, record: Json | None = None, *, signer: Office = STRANGER, **changes: Any) -> bytes:
    """An enrolment that brings its own key."""
    body: Json = {"keys": record or STRANGER.keys(), "enrolment": {"nonce": NONCE}}
    content = manifest((), STRANGER, **({"kind": "enrolment", "period": "", "totals": {}, "body": body} | changes))
    return sealed(plain(line(content), (), signer=signer), name)


def invitation(**changes: Any) -> bytes:
    body = {"keys": DISTRICT.keys(), "invitation": {"unit": TOWN.unit, "epoch": 1, "nonce": NONCE}}
    content = manifest(
        (VALUES,), DISTRICT, **({"kind": "invitation", "receiver": {"unit": TOWN.unit}, "body": body} | changes)
    )
    return plain(line(content), (VALUES,), signer=DISTRICT)


def to_code(name: str, content: bytes, code: str = CODE) -> bytes:
    recipient = bindings.crypto_scalarmult_base(bytes_of_code(code))
    return age_file(content, [recipient, DISTRICT.box_raw], name)


def bytes_of_code(code: str) -> bytes:
    """The 32 bytes behind the identity of ``code``, read back from its text."""
    text = keys.code_identity(code).secret.removeprefix("AGE-SECRET-KEY-1").lower()[:-6]
    number = 0
    for mark in text:
        number = number << 5 | keys.bech32.CHARSET.index(mark)
    return (number >> len(text) * 5 - 256).to_bytes(32, "big")


def small_order() -> bytes:
    """The neutral point as key: R neutral and S zero are a signature of whatever to a lax reader."""
    neutral = b"\x01" + bytes(31)
    named = key_id(neutral, STRANGER.box_public)
    content = manifest(
        (),
        kind="enrolment",
        sender={"unit": STRANGER.unit, "key_id": named, "epoch": 1},
        body={"keys": STRANGER.keys(sign_public=text64(neutral), key_id=named), "enrolment": {"nonce": NONCE}},
    )
    return sealed(plain(line(content), (), signature=neutral + bytes(32)), "small order")


CARRIED = [
    Case("carried-good", ACCEPTED, "an enrolment signed by the key in it", lambda: carrying("c1"), Mode.CARRIED),
    Case(
        "carried-in-submission",
        ACCEPTED,
        "a first submission may bring its key",
        lambda: carrying("c2", kind="submission"),
        Mode.CARRIED,
    ),
    Case(
        "carried-not-allowed",
        "package.signer_unknown",
        "the same where only known keys count",
        lambda: carrying("c1"),
    ),
    Case(
        "carried-in-task",
        ACCEPTED,
        "any kind may bring its key; what it is worth is asked later",
        lambda: carrying("c3", kind="task"),
        Mode.CARRIED,
    ),
    Case(
        "carried-absent",
        "package.signer_unknown",
        "no key known and none in it",
        lambda: carrying("c4", body={}),
        Mode.CARRIED,
    ),
    Case(
        "carried-signed-by-another",
        "package.signature",
        "the key in it did not sign",
        lambda: carrying("c5", signer=TOWN),
        Mode.CARRIED,
    ),
    Case(
        "carried-of-another-unit",
        "package.signer_mismatch",
        "the key is of another unit than the sender",
        lambda: carrying("c6", STRANGER.keys(unit=TOWN.unit)),
        Mode.CARRIED,
    ),
    Case(
        "carried-of-another-epoch",
        "package.signer_mismatch",
        "the key's epoch is not the sender's",
        lambda: carrying("c7", STRANGER.keys(epoch=2)),
        Mode.CARRIED,
    ),
    Case(
        "carried-key-id-wrong",
        "package.body_invalid",
        "the key id is not that of the key",
        lambda: carrying("c8", STRANGER.keys(key_id=TOWN.key_id)),
        Mode.CARRIED,
    ),
    Case(
        "carried-small-order",
        "package.signature",
        "a public key of small order, with a signature that fits every message",
        small_order,
        Mode.CARRIED,
    ),
    Case(
        "carried-key-stray-bits",
        "package.body_invalid",
        "base64 with stray bits",
        lambda: carrying("c10", STRANGER.keys(sign_public="A" * 42 + "B=")),
        Mode.CARRIED,
    ),
    Case(
        "carried-suite-2",
        "package.suite_unknown",
        "a key of another suite",
        lambda: carrying("c11", STRANGER.keys(suite=2)),
        Mode.CARRIED,
    ),
    Case(
        "carried-recipient-checksum",
        "key.recipient_invalid",
        "a recipient with a typing error",
        lambda: carrying("c12", STRANGER.keys(box_publics=[mistyped(STRANGER.box_public)])),
        Mode.CARRIED,
    ),
    Case(
        "carried-no-recipient",
        "package.body_invalid",
        "no recipient",
        lambda: carrying("c13", STRANGER.keys(box_publics=[])),
        Mode.CARRIED,
    ),
    Case(
        "carried-7-recipients",
        ACCEPTED,
        "as many recipients as allowed",
        lambda: carrying("c14", STRANGER.keys(box_publics=recipients(7))),
        Mode.CARRIED,
    ),
    Case(
        "carried-8-recipients",
        "package.body_invalid",
        "one more",
        lambda: carrying("c15", STRANGER.keys(box_publics=recipients(8))),
        Mode.CARRIED,
    ),
    Case(
        "carried-recipient-twice",
        "package.body_invalid",
        "the same recipient twice",
        lambda: carrying("c16", STRANGER.keys(box_publics=[STRANGER.box_public] * 2)),
        Mode.CARRIED,
    ),
    Case(
        "enrolment-without-nonce",
        "package.body_missing",
        "answers nothing",
        lambda: carrying("c17", body={"keys": STRANGER.keys()}),
        Mode.CARRIED,
    ),
]


def mistyped(recipient: str) -> str:
    return recipient[:-1] + ("q" if recipient[-1] != "q" else "p")


def recipients(count: int) -> list[str]:
    return [STRANGER.box_public, *(Office(f"deputy {place}", "").box_public for place in range(1, count))]


INVITATION = [
    Case(
        "invitation-good",
        ACCEPTED,
        "opened with its code",
        lambda: to_code("i1", invitation()),
        Mode.INVITATION,
    ),
    Case(
        "invitation-other-code",
        "invitation.wrong_code",
        "sealed to another code",
        lambda: to_code("i2", invitation(), "0" * 20),
        Mode.INVITATION,
    ),
    Case(
        "invitation-is-submission",
        "invitation.other_kind",
        "a package of another kind, sealed to the code",
        lambda: to_code("i3", carried_submission()),
        Mode.INVITATION,
    ),
    Case(
        "invitation-incomplete",
        "package.body_missing",
        "invites nobody",
        lambda: to_code("i4", invitation(body={"keys": DISTRICT.keys()})),
        Mode.INVITATION,
    ),
    Case(
        "invitation-of-another",
        "package.body_invalid",
        "invites another unit than its receiver",
        lambda: to_code("i5", invitation(receiver={"unit": STRANGER.unit})),
        Mode.INVITATION,
    ),
]


def carried_submission() -> bytes:
    content = manifest((), DISTRICT, body={"keys": DISTRICT.keys()})
    return plain(line(content), (), signer=DISTRICT)


CASES = [*FRAME, *SIGNATURE, *CARRIED, *INVITATION]
