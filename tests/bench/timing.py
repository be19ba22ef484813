"""Ratios of times taken in turn, and what is said of them. The clock is the wall's; garbage is collected before."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Line:
    """One measurement: what it took, against what, and whether that is within its bound."""

    name: str
    title: str
    """Chinese, for the table."""
    seconds: tuple[float, ...]
    """Of each round."""
    reference: str = ""
    """What it is compared with; empty: nothing, the bound is in seconds."""
    reference_seconds: tuple[float, ...] = ()
    bound: float | None = None
    """Of the figure; None: it is told without being judged."""
    faster: bool = False
    """Whether the figure says how many times as fast as the reference it is, instead of how many times as long."""

    @property
    def figure(self) -> float:
        """Median over the rounds of the ratio of their times; without a reference, of the seconds."""
        if not self.reference_seconds:
            return statistics.median(self.seconds)
        pairs = zip(self.seconds, self.reference_seconds, strict=True)
        return statistics.median(theirs / own if self.faster else own / theirs for own, theirs in pairs)

    @property
    def holds(self) -> bool | None:
        """None without a bound."""
        if self.bound is None:
            return None
        return self.figure >= self.bound if self.faster else self.figure <= self.bound

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "seconds": statistics.median(self.seconds),
            "reference": self.reference,
            "reference_seconds": statistics.median(self.reference_seconds) if self.reference_seconds else None,
            "figure": self.figure,
            "kind": self._kind(),
            "bound": self.bound,
            "holds": self.holds,
            "rounds": [list(self.seconds), list(self.reference_seconds)],
        }

    def _kind(self) -> str:
        if not self.reference_seconds:
            return "seconds"
        return "reference / time" if self.faster else "time / reference"


def timed(work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> tuple[float, R]:
    """Seconds that ``work`` takes, and what it returns."""
    gc.collect()
    return timed_once(work, *arguments, **named)


def timed_once(work: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> tuple[float, R]:
    """The same for what is so short that collecting garbage before it would be most of it."""
    begun = time.perf_counter()
    result = work(*arguments, **named)
    return time.perf_counter() - begun, result


def columns(rounds: Sequence[Sequence[float]]) -> list[tuple[float, ...]]:
    """The times of each thing over the rounds."""
    return list(zip(*rounds, strict=True))
