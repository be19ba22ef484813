"""Strict JSON takes a part of what JSON is, and means the same by it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.exchange import limits, strict_json

LEAVES = (
    st.none() | st.booleans() | st.integers(-limits.INTEGER, limits.INTEGER) | st.text(st.characters(codec="utf-8"))
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@settings(deadline=None)
@given(VALUES.filter(lambda value: depth(value) <= limits.JSON_DEPTH), st.booleans())
def test_means_what_json_means(value: Any, escaped: bool) -> None:
    assert strict_json.parse(json.dumps(value, ensure_ascii=escaped).encode(), "清单") == value


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text('[]{}",:\\ 0123456789-+.eE\ttruefalsn\0', max_size=60).map(str.encode))
def test_never_fails_otherwise_than_in_words(data: bytes) -> None:
    with suppress(UserError):
        assert strict_json.parse(data, "清单") == json.loads(data)


def test_brackets_in_texts_are_not_depth() -> None:
    assert strict_json.parse(b'"' + b"[" * 100 + b'\\"{"', "清单") == "[" * 100 + '"{'


def test_a_text_without_end_is_passed_over_once() -> None:
    with pytest.raises(UserError) as caught:
        strict_json.parse(b'"' + b"\\a" * 500_000, "清单")
    assert caught.value.code == "package.json_syntax"
