"""Records as JSON can say them, for scripts and for what is frozen; what a ``repr`` hides is left out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from xzdesk.core.periods import Period


def plain(value: object) -> Any:
    """``value`` as JSON can say it: records by field, numbers exactly as text, keys as text.

    Raises ``TypeError`` for what has no such form.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.repr}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, frozenset | set):
        return sorted(plain(each) for each in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Period | PurePath | Fraction | dt.date):
        return str(value)
    if isinstance(value, Iterable):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
