"""Writes age v1 files for test vectors: always the same bytes, and as crooked as a vector needs.

After the specification (C2SP, age-encryption.org/v1), independent of the library that the program uses. Never to be
used for anything secret: keys and nonces come from names.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from nacl import bindings

VERSION = b"age-encryption.org/v1"
CHUNK = 64 * 1024


def named_bytes(name: str, length: int = 32) -> bytes:
    return hashlib.sha256(b"xzdesk test vector: " + name.encode()).digest()[:length]


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def encode(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def aead(key: bytes, nonce: bytes, plain: bytes) -> bytes:
    return bindings.crypto_aead_chacha20poly1305_ietf_encrypt(plain, None, nonce, key)


def x25519_stanza(recipient: bytes, file_key: bytes, name: str = "ephemeral") -> bytes:
    """Two lines without the last line end. ``recipient``: 32 bytes."""
    ephemeral = named_bytes(name)
    share = bindings.crypto_scalarmult_base(ephemeral)
    shared = bindings.crypto_scalarmult(ephemeral, recipient)
    wrap_key = hkdf(shared, share + recipient, b"age-encryption.org/v1/X25519")
    return b"-> X25519 " + encode(share) + b"\n" + encode(aead(wrap_key, bytes(12), file_key))


def noise_stanza(kind: str, body: bytes = b"") -> bytes:
    """A stanza of a type nobody knows; readers pass over it. ``body``: base64 without line ends."""
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    if len(body) % 64 == 0:
        lines.append(b"")
    return b"-> " + kind.encode() + b"\n" + b"\n".join(lines)


def header(stanzas: Sequence[bytes], file_key: bytes, mac: bytes | None = None) -> bytes:
    """With the line end of the MAC line. ``mac``: base64 to stand in place of the right one."""
    text = b"".join([VERSION, b"\n", *(stanza + b"\n" for stanza in stanzas), b"---"])
    right = encode(hmac.digest(hkdf(file_key, b"", b"header"), text, "sha256"))
    return text + b" " + (right if mac is None else mac) + b"\n"


def chunks(plain: bytes, file_key: bytes, nonce: bytes) -> list[bytes]:
    key = hkdf(file_key, nonce, b"payload")
    texts = [plain[start : start + CHUNK] for start in range(0, len(plain), CHUNK)] or [b""]
    last = len(texts) - 1
    return [chunk(key, count, count == last, text) for count, text in enumerate(texts)]


def chunk(key: bytes, count: int, is_last: bool, text: bytes) -> bytes:
    return aead(key, count.to_bytes(11, "big") + bytes([is_last]), text)


def age_file(
    plain: bytes,
    recipients: Sequence[bytes],
    name: str,
    *,
    more_stanzas: Sequence[bytes] = (),
    stanzas: Sequence[bytes] | None = None,
    mac: bytes | None = None,
) -> bytes:
    """A whole file. ``stanzas`` stand in place of those for ``recipients``, ``more_stanzas`` after them."""
    file_key, nonce = named_bytes(f"{name} file key", 16), named_bytes(f"{name} nonce", 16)
    if stanzas is None:
        stanzas = [x25519_stanza(to, file_key, f"{name} {place}") for place, to in enumerate(recipients)]
    return header([*stanzas, *more_stanzas], file_key, mac) + nonce + b"".join(chunks(plain, file_key, nonce))
