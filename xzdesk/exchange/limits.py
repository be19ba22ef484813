"""Every limit of the package format (docs/package-format.md, section 3). Each has a test vector on either side."""

from __future__ import annotations

from typing import Final

from xzdesk.core import chain

KIB: Final = 1024
MIB: Final = 1024 * KIB

HEADER_BYTES: Final = 8 * KIB
"""The age header, up to and with the line end of its MAC line."""
HEADER_STANZAS: Final = 16
RECIPIENTS: Final = HEADER_STANZAS - 1
"""What a writer may name: the age library adds one stanza of noise to every header."""

FILE_BYTES: Final = 256 * MIB
"""A whole package file, and so what is read from a stick at all."""
PLAIN_PART_BYTES: Final = 64 * MIB
"""All parts of a package that are not attachments, as stored."""
MANIFEST_BYTES: Final = 256 * KIB
PARTS: Final = 64

EXPANSION_RATIO: Final = 100
"""A compressed part may unpack to at most this multiple of its stored length."""
EXPANDED_BYTES: Final = 256 * MIB
"""All parts together, unpacked."""

FIELD_CHARACTERS: Final = 10_000
INTEGER: Final = 10**15
"""Largest absolute value of an integer in JSON."""
JSON_DEPTH: Final = 16
"""Objects and arrays inside one another, the outermost counted."""

SEQUENCE_GAP: Final = chain.SEQUENCE_GAP
"""A package may be this much ahead of the last one that arrived, plus one."""

ACKNOWLEDGEMENTS: Final = 200
"""Packages that one receipt may speak of."""
TRUST_ENTRIES: Final = 500
"""Keys in one trust list."""
REMARK_CHARACTERS: Final = 500
"""Of a text inside the manifest's body."""

READER_FORMAT: Final = 1
SUITE: Final = 1
MIN_READER: Final = "0.1.0"
"""The lowest version of this program that reads what this version writes."""
