"""The normative text says what the program does: limits, codes of the chain, columns, known numbers."""

import re
from pathlib import Path

import pytest

from tests.exchange.test_keys import KNOWN_CODE_RECIPIENT
from tests.vectors import make
from xzdesk.core.chain import Outcome
from xzdesk.exchange import keys, limits, manifest, parts, trust

ROOT = Path(make.__file__).parents[2]
TEXT = (ROOT / "docs/package-format.md").read_text("utf-8")
ROWS = re.findall(r"^\| `([A-Z_]+)`[^|]*\| ([^|]+) \|", TEXT, re.MULTILINE)
COLUMNS = {
    "values.csv": parts.VALUES,
    "corrections.csv": parts.CORRECTIONS,
    "findings.csv": parts.FINDINGS,
    "attachments.csv": parts.ATTACHMENTS,
    "returned.csv": parts.RETURNED,
    "targets.csv": parts.TARGETS,
}


def amount(text: str) -> int:
    if "^" in text:
        base, power = text.split("^")
        return int(base) ** int(power)
    number, _, unit = text.replace(",", "").partition(" ")
    return int(number) * {"": 1, "KiB": limits.KIB, "MiB": limits.MIB}[unit]


@pytest.mark.parametrize(("name", "text"), ROWS)
def test_limit(name: str, text: str) -> None:
    assert amount(text.strip()) == getattr(trust if name == "BOX_PUBLICS" else limits, name)


def test_every_limit_is_in_the_text() -> None:
    apart = {"KIB", "MIB", "RECIPIENTS", "READER_FORMAT", "SUITE", "MIN_READER"}
    assert {name for name, _ in ROWS} - {"BOX_PUBLICS"} == {name for name in vars(limits) if name.isupper()} - apart


def test_every_verdict_is_in_the_text() -> None:
    assert set(re.findall(r"`chain\.([a-z_]+)`", TEXT)) == set(Outcome)


@pytest.mark.parametrize(("name", "columns"), COLUMNS.items())
def test_columns(name: str, columns: tuple[str, ...]) -> None:
    assert f"| `{name}` | `{','.join(columns)}`" in TEXT


def test_every_name_of_the_manifest_and_its_body_is_in_the_text() -> None:
    table = set(re.findall(r"^\| `([a-z_]+)` \|", TEXT, re.MULTILINE))
    assert table >= manifest.KNOWN
    assert all(f"`{name}`" in TEXT for name in manifest.BODY_NAMES)


def test_known_numbers() -> None:
    assert f"`{KNOWN_CODE_RECIPIENT}`" in TEXT
    assert f"{keys.NUMBER_ITERATIONS:,} iterations" in TEXT
    assert f"At most {limits.RECIPIENTS} recipients" in TEXT or f"at most {limits.RECIPIENTS} recipients" in TEXT
