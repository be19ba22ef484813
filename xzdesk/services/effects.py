"""What applying a package changed or found, for lists, the compare pane and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xzdesk.core.changes import CellDifference
from xzdesk.core.model import Finding


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows of one register that a submission brought."""

    new: int = 0
    changed: int = 0
    """Deleted ones too."""
    unknown: int = 0
    """Held here, and not in the sender's register at all; they stay."""
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class Effects:
    """Empty for a package that changed nothing."""

    cells: tuple[CellDifference, ...] = ()
    unchanged_cells: int = 0
    rows: Mapping[str, RowCounts] = field(default_factory=dict)
    """By register."""
    corrections: int = 0
    bad_rows: Mapping[str, int] = field(default_factory=dict)
    """Rows set apart, by cause."""
    findings: tuple[Finding, ...] = ()
    """What the rules say of the figures as they now stand, the month's and the sender's units' alone."""
    explained: frozenset[str] = frozenset()
    """Fingerprints of soft findings for which the sender gave a reason."""
    oddities: tuple[str, ...] = ()
    """Looks strange, breaks no rule: for a person to judge. Chinese, without personal data."""
    older_units: tuple[str, ...] = ()
    """Units of which a newer state is held: left as they were."""
    mended: int = 0
    """Returned places that this package changed."""
    returned: int = 0
    """Places that a receipt sends back."""
    acknowledged: int = 0
    """Packages of ours that a receipt confirms."""
    notes: tuple[str, ...] = ()
    """Chinese sentences for the person who imports."""
