"""Vectors of the outer file: size, age header, payload."""

from tests.vectors.age_writer import (
    CHUNK,
    VERSION,
    age_file,
    chunk,
    chunks,
    encode,
    header,
    hkdf,
    named_bytes,
    noise_stanza,
    x25519_stanza,
)
from tests.vectors.case import ACCEPTED, Case
from tests.vectors.package_writer import (
    DISTRICT,
    STRANGER,
    TOWN,
    VALUES,
    Stored,
    line,
    manifest,
    package,
    part,
    plain,
    sealed,
)

GOOD = plain(line(manifest()))
KEY = named_bytes("envelope file key", 16)
NONCE = named_bytes("envelope nonce", 16)
FOR_US = x25519_stanza(DISTRICT.box_raw, KEY)
NOISE = [noise_stanza(f"noise-{number}") for number in range(16)]
MIB = 1024 * 1024
HEADER_LIMIT = 8 * 1024

# A photograph longer than one chunk of the payload.
PHOTO = part("attachment_x.jpg", b"\xff\xd8" + bytes(CHUNK + 1000), "image/jpeg")
LONG_PARTS: tuple[Stored, ...] = (VALUES, PHOTO)
LONG = plain(line(manifest(LONG_PARTS)), LONG_PARTS)


def with_header(text: bytes) -> bytes:
    """``text`` in place of the header, before a payload that fits the key."""
    return text + NONCE + b"".join(chunks(GOOD, KEY, NONCE))


def with_stanza(stanza: bytes) -> bytes:
    return with_header(header([FOR_US, stanza], KEY))


def with_payload(*pieces: bytes) -> bytes:
    return header([FOR_US], KEY) + NONCE + b"".join(pieces)


def sized_header(length: int) -> bytes:
    """A valid header of exactly ``length`` bytes: a stanza's body makes up most of it, its type the rest."""
    bare = len(header([FOR_US, noise_stanza("x")], KEY))
    body = next(marks for marks in range((length - bare) & ~3, 0, -4) if bare + marks + marks // 64 <= length)
    text = header([FOR_US, noise_stanza("x" * (1 + length - bare - body - body // 64), b"A" * body)], KEY)
    if len(text) != length:
        raise AssertionError(length)
    return text


def flipped(data: bytes, place: int) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def payload_key() -> bytes:
    return hkdf(KEY, NONCE, b"payload")


def empty_last_chunk() -> bytes:
    whole = (GOOD + bytes(CHUNK))[:CHUNK]
    return with_payload(chunk(payload_key(), 0, False, whole), chunk(payload_key(), 1, True, b""))


def low_order_share() -> bytes:
    """An ephemeral share of small order: the shared secret is zero for whoever decrypts."""
    share = bytes(32)
    return b"-> X25519 " + encode(share) + b"\n" + encode(bytes(32))


def stray_bits() -> bytes:
    """The share's last mark with bits that no byte has."""
    first, body = FOR_US.split(b"\n")
    marks = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return first[:-1] + marks[marks.index(first[-1:]) | 3 :][:1] + b"\n" + body


FILE = [
    Case("good-submission", ACCEPTED, "a submission as the format describes it", lambda: package("good")),
    Case("good-long", ACCEPTED, "its payload has two chunks", lambda: sealed(LONG, "long")),
    Case("empty", "package.truncated", "no bytes at all", lambda: b""),
    Case("version-line-cut", "package.truncated", "ends within the first line", lambda: VERSION[:10]),
    Case("text", "package.not_package", "some text", lambda: "这不是数据包\n".encode() * 20),
    Case("zip", "package.not_package", "begins like a ZIP file", lambda: b"PK\x03\x04" + bytes(200)),
    Case("age-v2", "package.not_package", "a version of age not yet made", lambda: b"age-encryption.org/v2\n" + GOOD),
    Case(
        "version-line-crlf",
        "package.not_package",
        "the first line ends in CR LF",
        lambda: package("good").replace(b"\n", b"\r\n", 1),
    ),
    Case(
        "armored",
        "package.armored",
        "the text form of age",
        lambda: b"-----BEGIN AGE ENCRYPTED FILE-----\n" + encode(package("good")) + b"\n",
    ),
    Case("size-at-limit", "package.not_package", "256 MiB: the size itself is no fault", lambda: bytes(256 * MIB)),
    Case("size-above-limit", "package.too_large", "256 MiB and a byte", lambda: bytes(256 * MIB + 1)),
]

HEADER = [
    Case("header-no-stanza", "package.header_invalid", "no recipient", lambda: with_header(header([], KEY))),
    Case("header-cut", "package.truncated", "ends within the header", lambda: package("good")[:100]),
    Case(
        "header-no-mac",
        "package.truncated",
        "the last line of the header is missing and the file ends",
        lambda: VERSION + b"\n" + FOR_US + b"\n",
    ),
    Case(
        "header-mac-short",
        "package.header_invalid",
        "42 marks of MAC",
        lambda: with_header(header([FOR_US], KEY, b"A" * 42)),
    ),
    Case(
        "header-mac-padded",
        "package.header_invalid",
        "MAC with =",
        lambda: with_header(header([FOR_US], KEY, b"A" * 43 + b"=")),
    ),
    Case(
        "header-two-blanks",
        "package.header_invalid",
        "two blanks between arguments",
        lambda: with_stanza(b"-> noise  x\n"),
    ),
    Case("header-no-type", "package.header_invalid", "a stanza without type", lambda: with_stanza(b"-> \n")),
    Case(
        "header-not-ascii",
        "package.header_invalid",
        "an argument beyond ASCII",
        lambda: with_stanza(b"-> noise \xe9\n"),
    ),
    Case(
        "header-long-body-line",
        "package.header_invalid",
        "65 marks in a line",
        lambda: with_stanza(b"-> noise\n" + b"A" * 65 + b"\n"),
    ),
    Case("header-body-cr", "package.header_invalid", "CR in a body line", lambda: with_stanza(b"-> noise\nAAAA\r")),
    Case("header-body-padded", "package.header_invalid", "= in a body", lambda: with_stanza(b"-> noise\nAAA=")),
    Case(
        "header-body-open",
        "package.header_invalid",
        "a full line is not followed by a short one",
        lambda: with_stanza(b"-> noise\n" + b"A" * 64),
    ),
    Case(
        "header-scrypt",
        "package.passphrase",
        "encrypted with a passphrase of costly work",
        lambda: with_header(header([b"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n" + encode(bytes(32))], KEY)),
    ),
    Case(
        "header-scrypt-second",
        "package.passphrase",
        "a passphrase stanza behind a right one",
        lambda: with_stanza(b"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n" + encode(bytes(32))),
    ),
    Case(
        "header-16-stanzas",
        ACCEPTED,
        "as many stanzas as allowed",
        lambda: with_header(header([FOR_US, *NOISE[:15]], KEY)),
    ),
    Case(
        "header-17-stanzas",
        "package.too_many_recipients",
        "one more",
        lambda: with_header(header([FOR_US, *NOISE], KEY)),
    ),
    Case("header-8-kib", ACCEPTED, "as long as allowed", lambda: with_header(sized_header(HEADER_LIMIT))),
    Case(
        "header-8-kib-1",
        "package.header_too_large",
        "one byte more",
        lambda: with_header(sized_header(HEADER_LIMIT + 1)),
    ),
    Case(
        "header-1-mib",
        "package.header_too_large",
        "a header that would cost the age library seconds",
        lambda: with_header(header([FOR_US, noise_stanza("x", b"A" * MIB)], KEY)),
    ),
    Case(
        "header-stray-bits",
        "package.damaged",
        "base64 with stray bits",
        lambda: with_header(header([stray_bits()], KEY)),
    ),
    Case(
        "header-low-order",
        "package.damaged",
        "an ephemeral share of small order",
        lambda: with_header(header([low_order_share()], KEY)),
    ),
    Case(
        "header-mac-wrong",
        "package.damaged",
        "a MAC of the right form that does not fit",
        lambda: with_header(header([FOR_US], KEY, b"A" * 43)),
    ),
    Case(
        "header-stanza-added",
        "package.damaged",
        "a stanza added without the MAC",
        lambda: sealed(GOOD, "added").replace(b"---", noise_stanza("x") + b"\n---", 1),
    ),
    Case(
        "not-for-us",
        "package.not_for_us",
        "encrypted to somebody else",
        lambda: sealed(GOOD, "elsewhere", [STRANGER, TOWN]),
    ),
]

PAYLOAD = [
    Case("payload-missing", "package.truncated", "ends after the header", lambda: header([FOR_US], KEY)),
    Case(
        "payload-too-short",
        "package.truncated",
        "nonce and 15 bytes",
        lambda: header([FOR_US], KEY) + NONCE + bytes(15),
    ),
    Case("payload-flipped", "package.damaged", "one bit of the payload", lambda: flipped(package("good"), -40)),
    Case("payload-tag-flipped", "package.damaged", "one bit of its tag", lambda: flipped(package("good"), -1)),
    Case("payload-cut", "package.damaged", "the last byte is missing", lambda: package("good")[:-1]),
    Case("payload-longer", "package.damaged", "a byte more at the end", lambda: package("good") + b"\0"),
    Case(
        "payload-last-chunk-missing",
        "package.damaged",
        "ends between two chunks",
        lambda: with_payload(chunks(LONG, KEY, NONCE)[0]),
    ),
    Case(
        "payload-chunks-exchanged",
        "package.damaged",
        "second chunk first",
        lambda: with_payload(*reversed(chunks(LONG, KEY, NONCE))),
    ),
    Case("payload-empty-last-chunk", "package.damaged", "a last chunk without content", empty_last_chunk),
    Case(
        "payload-nonce-flipped",
        "package.damaged",
        "one bit of the nonce",
        lambda: header([FOR_US], KEY) + flipped(NONCE, 0) + b"".join(chunks(GOOD, KEY, NONCE)),
    ),
    Case(
        "payload-of-another",
        "package.damaged",
        "this header, that payload",
        lambda: header([FOR_US], KEY) + NONCE + b"".join(chunks(GOOD, named_bytes("else", 16), NONCE)),
    ),
    Case("payload-empty", "package.frame", "nothing is encrypted", lambda: age_file(b"", [DISTRICT.box_raw], "empty")),
]

CASES = [*FILE, *HEADER, *PAYLOAD]
