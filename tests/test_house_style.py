"""What no tool checks: size and opening of modules, Chinese punctuation, and words that do not belong here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "xzdesk").rglob("*.py"))
HALF_WIDTH = re.compile(r"[\u4e00-\u9fff”》）][,;:?!](?!\d)")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500
    assert ast.get_docstring(ast.parse(text))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_user_reads_has_full_width_punctuation(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    # Docstrings are English around Chinese terms; what tables are searched for comes in both widths.
    shown = [text for text in texts if not re.search(r"[a-z] [a-z]|[\\\[(?]|^单位:$", text)]
    assert [text for text in shown if HALF_WIDTH.search(text)] == []


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [str(path) for path in MODULES if marks.search(path.read_text(encoding="utf-8"))] == []
