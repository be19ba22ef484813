"""Texts and JSON values that nobody expects in any place."""

from __future__ import annotations

from typing import Any

from tests.services.conftest import VILLAGE

TEXTS = (
    "", " ", "0", "-1", "1", "2", "1.5", "1e9", "NaN", "Infinity", "1E-99999999", "9" * 19, "9" * 400, "２０２４",
    "yes", "value", "na", "c:", "n:", "n:-", "n:.", "c:none", "2024-01", "2024-13", "2024", "2024Q1", "2024-02-30",
    "0000-00-00", "None", "null", "'; DROP TABLE data_value; --", "../../x", "well/", "=1+1", "\u202e", "\x1f", "\x7f",
    "\ufeff", "\n", '"', "，", "长" * 5_000, "\U0001f33e", "a\u0301", "[]", "{}", VILLAGE, "990101001201", "households",
)  # fmt: skip
THINGS: tuple[Any, ...] = (
    None, True, 0, -1, 10**15, "", "x", [], [1], ["x"], [[]], {}, {"a": 1}, {"": []}, {VILLAGE: -1}, {VILLAGE: 10**15},
    {"version": 1, "entries": [{}]}, {"unit": VILLAGE, "key_id": "x"}, {"epoch": 1, "head": 1},
    {"epoch": 1, "acknowledged": [1]},
)  # fmt: skip
