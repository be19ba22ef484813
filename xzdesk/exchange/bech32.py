"""Bech32 text of bytes, the form in which age writes keys. Writing only: reading is left to the age library.

Source: BIP-173. Its limit of 90 characters is for addresses and does not bind here.
"""

from __future__ import annotations

from typing import Final

CHARSET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_SYMBOLS: Final = 6


def encode(prefix: str, data: bytes) -> str:
    """``prefix``, ``1``, the data in groups of five bits (padded with zeros), the checksum; lower case."""
    bits = len(data) * 8
    symbols = -(-bits // 5)
    number = int.from_bytes(data, "big") << (symbols * 5 - bits)
    return encode_symbols(prefix, [number >> 5 * place & 31 for place in reversed(range(symbols))])


def encode_symbols(prefix: str, symbols: list[int]) -> str:
    """The same of groups of five bits. ``prefix`` is lower case."""
    expanded = [ord(mark) >> 5 for mark in prefix] + [0] + [ord(mark) & 31 for mark in prefix]
    rest = _polymod([*expanded, *symbols, *[0] * _CHECKSUM_SYMBOLS]) ^ 1
    checksum = [rest >> 5 * place & 31 for place in reversed(range(_CHECKSUM_SYMBOLS))]
    return f"{prefix}1{''.join(CHARSET[symbol] for symbol in [*symbols, *checksum])}"


def _polymod(symbols: list[int]) -> int:
    rest = 1
    for symbol in symbols:
        top = rest >> 25
        rest = (rest & 0x1FFFFFF) << 5 ^ symbol
        for place, term in enumerate(_GENERATOR):
            if top >> place & 1:
                rest ^= term
    return rest
