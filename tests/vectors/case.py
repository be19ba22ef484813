"""One test vector: how it is made, how it is opened, what comes of it and why."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

ACCEPTED = "accepted"


class Mode(StrEnum):
    """How a reader is to take the bytes."""

    OPEN = "open"
    """As the district, knowing the town's key; then every part and record is read."""
    CARRIED = "carried"
    """The same, knowing no key and allowing the package's own."""
    INVITATION = "invitation"
    """As a new office, with the code."""
    MANIFEST = "manifest"
    """The manifest's line alone: what it announces would be too large to store."""


@dataclass(frozen=True)
class Case:
    name: str
    expected: str
    """``accepted`` or the code of the failure class."""
    why: str
    build: Callable[[], bytes]
    mode: Mode = Mode.OPEN
