"""Base64 with one text for every value: the standard alphabet, padded, no stray bits, no white space."""

from __future__ import annotations

import base64


def encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def decode(text: str) -> bytes:
    """Raises ``ValueError`` for any text that ``encode`` would not write."""
    data = base64.b64decode(text, validate=True)
    if encode(data) != text:
        raise ValueError("not canonical")
    return data
