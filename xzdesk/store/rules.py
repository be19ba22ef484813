"""审核 of register rows: which rows break a rule of the catalogue or of their schema, found in SQL.

Each register is read once, and only rows that break something come out of the database. Messages never quote a
personal field. Whether a finding has been explained is for ``verdicts``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError
from xzdesk.core.expressions import ExpressionError, parse
from xzdesk.core.findings import describe_field, make_finding, plain_text
from xzdesk.core.model import (
    Catalogue,
    FieldValue,
    Finding,
    OrgUnit,
    RegisterField,
    RegisterSchema,
    RowRef,
    Rule,
    Scalar,
    Severity,
)
from xzdesk.core.periods import Period
from xzdesk.store.period_steps import PERIOD_NAMES
from xzdesk.store.register_fields import bounds_text, choices, date_bounds, of_stored, scaled_bounds
from xzdesk.store.register_tables import OF_UNITS, is_number, table_name
from xzdesk.store.sql_expressions import Parameters, Source, referenced_column, truth

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

DUPLICATE, REFERENCE, REQUIRED_FIELD, CHOICE, RANGE = "duplicate", "reference", "required_field", "choice", "range"
"""Codes of the checks that follow from a register's schema."""

_AT_ONCE: Final = 60
"""Checks of one statement: each is a bit of a 64-bit integer."""

_BROKEN: Final = """
SELECT * FROM (
  SELECT {broken} AS [which broken], t.id, t.unit{columns}
  FROM [{table}] AS t{joins} WHERE t.deleted = 0 AND t.{of_units}
) WHERE [which broken] <> 0
"""
_BIT: Final = "CASE WHEN {broken} THEN {bit} ELSE 0 END"

_JOIN: Final = " LEFT JOIN [{table}] AS {alias} ON {alias}.id = {column} AND {alias}.deleted = 0"
_DANGLING: Final = "{column} IS NOT NULL AND ({alias}.id IS NULL OR {alias}.unit <> t.unit)"

_KEYS: Final = """
SELECT t.unit, group_concat(concat_ws(char(31){columns}), char(30)) FROM [{table}] AS t
WHERE t.deleted = 0 AND t.{of_units} AND {filled} GROUP BY t.unit
"""
"""The keys of each unit's rows in one text. To sort them in SQL would take three times as long as to look for doubles
here; no content holds either character."""

_DUPLICATES: Final = """
SELECT t.unit, json_group_array(t.id){columns} FROM [{table}] AS t
WHERE t.deleted = 0 AND t.{of_units} AND {filled} GROUP BY t.unit{columns} HAVING count(*) > 1
"""


@dataclass(frozen=True, slots=True)
class _Read:
    """One thing that a check reads of a row: by which name, from which field, with which SQL."""

    name: str
    field: RegisterField
    sql: str


@dataclass(frozen=True, slots=True)
class _Check:
    """A rule with the SQL that is true for the rows that break it."""

    rule: Rule
    broken: str
    reads: tuple[_Read, ...]


def violations(ws: Workspace, catalogue: Catalogue, units: Sequence[OrgUnit], period: Period) -> list[Finding]:
    """All findings in the register rows of ``units``, as they now stand, for the month ``period``.

    The catalogue's register rules; ``required_field``, ``choice``, ``range`` and ``reference`` (hard) of every field,
    ``duplicate`` (soft) at the last of the rows that agree in the register's ``duplicate_key``. Deleted rows are
    not looked at. Raises ``UserError`` ``catalogue.expression``.
    """
    codes = json.dumps(sorted(unit.code for unit in units))
    findings: list[Finding] = []
    for schema in catalogue.registers.values():
        parameters = Parameters(
            units=codes, period_start=period.first_day.isoformat(), period_end=period.last_day.isoformat()
        )
        references = (field.name for field in schema.fields if field.references in catalogue.registers)
        joined = {name: f"o{number}" for number, name in enumerate(references)}
        source = Source(schema, catalogue.registers, joined=joined)
        checks = [*_catalogue_checks(catalogue, source, parameters), *_schema_checks(source, parameters)]
        for start in range(0, len(checks), _AT_ONCE):
            findings += _broken(ws, source, checks[start : start + _AT_ONCE], parameters, period)
        if schema.duplicate_key:
            findings += _duplicates(ws, source, codes, period)
    return findings


def _broken(
    ws: Workspace, source: Source, checks: Sequence[_Check], parameters: Parameters, period: Period
) -> Iterator[Finding]:
    schema = source.schema
    reads = list({read.name: read for check in checks for read in check.reads}.values())
    statement = _BROKEN.format(
        broken=" | ".join(_BIT.format(broken=check.broken, bit=1 << at) for at, check in enumerate(checks)),
        columns="".join(f", {read.sql}" for read in reads),
        table=table_name(schema.code),
        joins="".join(
            _JOIN.format(table=table_name(schema.field(name).references), alias=alias, column=source.column(name))
            for name, alias in source.joined.items()
        ),
        of_units=OF_UNITS,
    )
    for broken, row_id, unit, *contents in ws.db.conn.execute(statement, parameters.values):
        values = {read.name: of_stored(read.field, content) for read, content in zip(reads, contents, strict=True)}
        for at, check in enumerate(checks):
            if broken >> at & 1:
                yield _finding(schema, check, row_id, unit, values, period)


def _finding(
    schema: RegisterSchema, check: _Check, row_id: str, unit: str, values: Mapping[str, FieldValue], period: Period
) -> Finding:
    """Of a period the fingerprint knows nothing: a reason given for a row holds until the row changes."""
    read: dict[str, Scalar] = {each.name: values[each.name] for each in check.reads}
    texts = {each.name: describe_field(each.field, values[each.name]) for each in check.reads}
    texts |= {f"missing({each.name})": plain_text(values[each.name] is None) for each in check.reads}
    texts |= zip(PERIOD_NAMES, (plain_text(period.first_day), plain_text(period.last_day)), strict=True)
    return make_finding(check.rule, unit, period, RowRef(schema.code, row_id), read, texts)


# --- what is checked --------------------------------------------------------------------------------------------------


def _catalogue_checks(catalogue: Catalogue, source: Source, parameters: Parameters) -> Iterator[_Check]:
    for rule in catalogue.rules:
        if rule.register != source.schema.code:
            continue
        expression = parse(rule.expression)
        try:
            holds = truth(expression, source, parameters)
        except ExpressionError as error:
            raise UserError(
                "catalogue.expression",
                f"审核规则 {rule.code} 用不了：{error}。",
                "请联系区专班办公室改正指标目录后重发任务包。",
            ) from error
        reads = [_read(source, name) for name in sorted(expression.names - set(PERIOD_NAMES))]
        reads += [_read_of_other(source, name) for function, name in sorted(expression.calls) if function == "ref"]
        yield _Check(rule, f"NOT {holds}", tuple(reads))


def _schema_checks(source: Source, parameters: Parameters) -> Iterator[_Check]:
    schema = source.schema
    for field in schema.fields:
        if field.hidden:
            continue
        column, reads = source.column(field.name), (_read(source, field.name),)
        name = f"台账“{schema.title}”的“{field.title}”"
        if field.required:
            rule = _rule(schema, REQUIRED_FIELD, field, f"{name}没有填。", "请在台账里补填这一栏。")
            yield _Check(rule, f"{column} IS NULL", reads)
        if field.name in source.joined:
            rule = _rule(
                schema,
                REFERENCE,
                field,
                f"{name}所指的那一行没有、已经删除或属于别的单位。",
                "请重新选择，或恢复被删除的那一行。",
            )
            yield _Check(rule, _DANGLING.format(column=column, alias=source.joined[field.name]), reads)
        if choices(field):
            # A list of more than two would be looked up in a table made for it.
            listed = " OR ".join(f"{column} = {parameters.bind(word)}" for word in choices(field))
            rule = _rule(schema, CHOICE, field, f"{name}不是可选的内容。", "请重新选择。")
            yield _Check(rule, f"NOT ({listed})", reads)
        if outside := _outside(field, column, parameters):
            rule = _rule(schema, RANGE, field, f"{name}{bounds_text(field)}。", "请核对单位、小数点和年份。")
            yield _Check(rule, outside, reads)


def _outside(field: RegisterField, column: str, parameters: Parameters) -> str:
    """SQL that is true where a content lies outside the field's bounds; empty: it has none."""
    if field.minimum is None and field.maximum is None:
        return ""
    low: int | str | None
    high: int | str | None
    low, high = scaled_bounds(field) if is_number(field) else date_bounds(field)
    tests = [f"{column} < {parameters.bind(low)}" if low is not None else ""]
    tests += [f"{column} > {parameters.bind(high)}" if high is not None else ""]
    return " OR ".join(filter(None, tests))


def _duplicates(ws: Workspace, source: Source, units: str, period: Period) -> Iterator[Finding]:
    """One finding for rows that agree, at the one with the greatest id: the same row at every office."""
    schema = source.schema
    reads = [_read(source, name) for name in schema.duplicate_key]
    parts = {
        "columns": "".join(f", {read.sql}" for read in reads),
        "filled": " AND ".join(f"{read.sql} IS NOT NULL" for read in reads),
        "table": table_name(schema.code),
        "of_units": OF_UNITS,
    }
    keys = ws.db.conn.execute(_KEYS.format(**parts), {"units": units})
    concerned = [unit for unit, joined in keys if len(set(listed := joined.split("\x1e"))) < len(listed)]
    if not concerned:
        return
    titles = "、".join(read.field.title for read in reads)
    found = ws.db.conn.execute(_DUPLICATES.format(**parts), {"units": json.dumps(concerned)})
    for unit, ids, *contents in found:
        rows = sorted(json.loads(ids))
        message = f"台账“{schema.title}”：这一行与本单位另外{len(rows) - 1}行的{titles}相同。"
        rule = _rule(schema, DUPLICATE, reads[0].field, message, "重复登记的请删除；确属两处的请说明。", Severity.SOFT)
        read: dict[str, Any] = {
            each.name: of_stored(each.field, content) for each, content in zip(reads, contents, strict=True)
        }
        place = RowRef(schema.code, rows[-1])
        yield make_finding(rule, unit, period, place, {**read, "rows": " ".join(rows)})


def _rule(
    schema: RegisterSchema,
    code: str,
    field: RegisterField,
    message: str,
    hint: str,
    severity: Severity = Severity.HARD,
) -> Rule:
    return Rule(code, severity, "", (field.name,), message, hint, register=schema.code)


def _read(source: Source, name: str) -> _Read:
    return _Read(name, source.schema.field(name), source.column(name))


def _read_of_other(source: Source, name: str) -> _Read:
    """What ``ref(field, "other")`` reads; ``name`` is ``field.other``."""
    own, _, other = name.partition(".")
    target = source.registers[source.schema.field(own).references]
    return _Read(f"ref({name})", target.field(other), referenced_column(source, own, other))
