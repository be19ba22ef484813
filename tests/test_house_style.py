"""What no tool checks: size and opening of modules, Chinese punctuation, and words that do not belong here."""

from __future__ import annotations

import ast
import csv
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
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert [each.name for each in functions if (each.end_lineno or 0) - each.lineno >= 60] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_user_reads_has_full_width_punctuation(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    # Docstrings are English around Chinese terms; what tables are searched for comes in both widths.
    shown = [text for text in texts if not re.search(r"[a-z] [a-z]|[\\\[(?]|^单位:$", text)]
    assert [text for text in shown if HALF_WIDTH.search(text)] == []


@pytest.mark.parametrize("column", ["message", "hint", "definition"])
@pytest.mark.parametrize("folder", [ROOT / "db" / "seed" / "xiuzhou", ROOT / "tests" / "data" / "tiny"])
def test_what_a_catalogue_says_has_full_width_punctuation_and_plain_characters(folder: Path, column: str) -> None:
    odd = re.compile(r"[\u3000\u00a0\u200b-\u200f\u2028-\u202f\ufeff\ufffd]")
    texts = []
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            texts += [row[column] for row in csv.DictReader(file) if row.get(column)]
    assert texts
    assert [text for text in texts if HALF_WIDTH.search(text) or odd.search(text)] == []


def test_nothing_is_left_to_do_later() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [str(path) for path in MODULES if marks.search(path.read_text(encoding="utf-8"))] == []
