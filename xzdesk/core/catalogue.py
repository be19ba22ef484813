"""指标目录: from texts to a ``Catalogue``, or to the list of everything that is wrong with them.

A catalogue is data: another district's replaces it and no code changes. It may come in a package from an enemy, so
the texts are bounded before they are parsed and nothing but ``CatalogueError`` is ever raised. No files here:
``services.catalogue_files`` brings the texts, ``store.catalogues`` keeps them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xzdesk.core import (
    catalogue_parse_elements,
    catalogue_parse_indicators,
    catalogue_parse_plan,
    catalogue_parse_rules,
    catalogue_parse_settings,
    catalogue_parse_units,
)
from xzdesk.core.catalogue_parse import (
    MAX_ROWS,
    CatalogueError,
    Fault,
    Faults,
    Record,
    checked_files,
    is_register_file,
    read_table,
)
from xzdesk.core.catalogue_parse_json import read_json
from xzdesk.core.catalogue_parse_plan import TargetReader, annex_columns
from xzdesk.core.catalogue_parse_registers import read_registers
from xzdesk.core.catalogue_parse_settings import Settings, read_settings
from xzdesk.core.model import Catalogue, Level, OrgUnit, RankingRules

__all__ = ["FILES", "CatalogueError", "Fault", "canonical", "digest_of", "parse"]

_TABLES: Final = {
    "units.csv": catalogue_parse_units.UNIT_COLUMNS,
    "unit_events.csv": catalogue_parse_units.EVENT_COLUMNS,
    "elements.csv": catalogue_parse_elements.COLUMNS,
    "rules.csv": catalogue_parse_rules.COLUMNS,
    "indicators.csv": catalogue_parse_indicators.COLUMNS,
    "targets.csv": catalogue_parse_plan.TARGET_COLUMNS,
    "plan_body.csv": catalogue_parse_plan.BODY_COLUMNS,
}
_ROWS: Final = {"unit_events.csv": 500, "elements.csv": 500, "rules.csv": 500, "indicators.csv": 200}
"""Each of these lines is compared with many others; a file from an enemy must not take for ever."""
_ANNEX: Final = "plan_annex.csv"
FILES: Final = (catalogue_parse_settings.FILE, *_TABLES, _ANNEX)
"""Every catalogue has these, and any number of ``registers/<code>.json``."""


def canonical(files: Mapping[str, str]) -> bytes:
    """The texts as canonical JSON: one object, names sorted, no blanks, UTF-8. Raises ``UnicodeEncodeError``."""
    return json.dumps(dict(files), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(files: Mapping[str, str]) -> str:
    """SHA-256, hex, of ``canonical(files)``: what task packages name a catalogue by."""
    return hashlib.sha256(canonical(files)).hexdigest()


def parse(files: Mapping[str, str]) -> Catalogue:
    """Read and validate the texts of a catalogue, by file name with ``/``.

    Raises ``CatalogueError`` with every fault, file and line. What keeps a file from being read at all (syntax,
    header, size) is said first; what the cells mean is judged once all files can be read.
    """
    faults = Faults()
    usable = checked_files(faults, files, FILES)
    if len(usable) < len(files) or catalogue_parse_settings.FILE not in usable:
        faults.raise_if_any()
    sources = _read_sources(faults, usable)
    catalogue = _assemble(faults, usable, sources)
    faults.raise_if_any()
    return catalogue


@dataclass(frozen=True, slots=True)
class _Sources:
    """The files, read but not yet understood."""

    settings: Settings
    tables: Mapping[str, Sequence[Record]]
    documents: Mapping[str, object]


def _read_sources(faults: Faults, files: Mapping[str, str]) -> _Sources:
    """Raises ``CatalogueError`` when one of them cannot be read; faults of the settings alone do not stop."""
    toml = files[catalogue_parse_settings.FILE]
    document = catalogue_parse_settings.read_toml(faults, toml)
    tables = {
        name: list(read_table(faults, files, name, columns, _ROWS.get(name, MAX_ROWS)))
        for name, columns in _TABLES.items()
        if name in files
    }
    documents = {name: read_json(faults, name, text) for name, text in files.items() if is_register_file(name)}
    faults.raise_if_any()
    settings = read_settings(faults, toml, document, files)
    known = len(faults)
    # Without the years there is no telling which columns the annex should have.
    if settings.target_years:
        tables[_ANNEX] = list(read_table(faults, files, _ANNEX, annex_columns(settings.target_years)))
    if not settings.target_years or len(faults) > known:
        faults.raise_if_any()
    return _Sources(settings, tables, documents)


def _assemble(faults: Faults, files: Mapping[str, str], sources: _Sources) -> Catalogue:
    settings, tables = sources.settings, sources.tables
    years = range(settings.first_year, settings.last_year + 1)
    units = catalogue_parse_units.read_units(faults, tables["units.csv"])
    registers = read_registers(faults, files, sources.documents)
    elements = catalogue_parse_elements.read_elements(tables["elements.csv"], settings.tracks, units, registers)
    indicators, weights = catalogue_parse_indicators.read_indicators(
        tables["indicators.csv"], settings.tracks, units, elements
    )
    annex = catalogue_parse_plan.read_annex(tables[_ANNEX], settings.target_years)
    places = {record.raw("code"): record.place for record in reversed(tables["indicators.csv"])}
    cells = catalogue_parse_plan.check_indicators(faults, places, annex, indicators)
    district = next((code for code, unit in units.items() if unit.level is Level.DISTRICT), "")
    targets = TargetReader(indicators, cells, settings.target_years, years, district)
    _check_ranking(settings, units, weights)
    return Catalogue(
        id=settings.id,
        title=settings.title,
        version=settings.version,
        plan_title=settings.plan_title,
        baseline_year=settings.baseline_year,
        first_year=settings.first_year,
        last_year=settings.last_year,
        target_years=settings.target_years,
        due_day=settings.due_day,
        units=units,
        events=catalogue_parse_units.read_events(tables["unit_events.csv"], units),
        tracks=settings.tracks,
        elements=elements,
        registers=registers,
        rules=catalogue_parse_rules.read_rules(tables["rules.csv"], elements, registers),
        indicators=indicators,
        targets=targets.read(faults, tables["targets.csv"]),
        body_goals=catalogue_parse_plan.read_body(tables["plan_body.csv"], annex, years),
        annex=annex,
        ranking=RankingRules(
            settings.weights,
            weights,
            settings.small_denominator,
            settings.red_flags,
            settings.snails,
        ),
        settings=settings.settings,
        files=dict(files),
        digest=digest_of(files),
    )


def _check_ranking(settings: Settings, units: Mapping[str, OrgUnit], weights: Mapping[str, object]) -> None:
    towns = sum(unit.level is Level.TOWN for unit in units.values())
    if settings.red_flags + settings.snails > towns:
        settings.ranking_place.fault(f"red_flags 与 snails 之和多于 {towns} 个镇、街道")
    if not weights:
        settings.ranking_place.faults.add("indicators.csv", 0, "没有一个指标填了 weight，无法排名")
