"""The catalogue's expressions as SQL over the rows of a register, with the meaning of ``Expression.evaluate``.

The tree has been checked by ``core.expressions``; here every name is looked up in a register's schema and every
constant becomes a bound parameter, so nothing of a catalogue's or a row's text ever stands in the SQL.

Numbers are integers scaled by decimals, so comparison and ``+ - *`` bring both sides to one scale. A quotient is
kept as numerator and positive denominator to the end and compared by cross-multiplying: ``a / b >= 0.3`` is exact.
That holds as long as products stay below 2**63 (two fields of nine digits); beyond, SQLite goes on with binary
floating point and the last digits of a comparison are lost, as ``evaluate`` loses those behind the 28th.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Final

from xzdesk.core.expressions import Expression, ExpressionError
from xzdesk.core.model import FieldType, RegisterSchema
from xzdesk.store.period_steps import PERIOD_NAMES, DateKey, step_of
from xzdesk.store.register_tables import decimals, identifier, is_number, table_name

LONGEST_SQL: Final = 30_000
MOST_DECIMALS: Final = 15
LARGEST_CONSTANT: Final = 10**18


class Kind(Enum):
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    TRUTH = "truth"
    """0, 1 or NULL; counts as a number where one is wanted, as in Python."""
    NOTHING = "nothing"
    """Always NULL: what evaluates to unknown whatever the row holds."""


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of SQL with its type. A number's value is ``sql / divisor / 10**scale``."""

    kind: Kind
    sql: str
    scale: int = 0
    divisor: str = ""
    """SQL of a positive integer or NULL; empty: 1."""
    constant: int | None = None
    """The scaled integer itself, where it is known."""


NOTHING: Final = Term(Kind.NOTHING, "NULL")


class Parameters:
    """The values bound in one statement, under names of our own."""

    def __init__(self, **known: str | int) -> None:
        self.values: dict[str, str | int] = dict(known)

    def bind(self, value: str | int) -> str:
        """SQL that stands for ``value``."""
        name = f"c{len(self.values)}"
        self.values[name] = value
        return f":{name}"


@dataclass(frozen=True, slots=True)
class Source:
    """What the names of an expression stand for: the fields of the row ``alias`` of a register, and the period."""

    schema: RegisterSchema
    registers: Mapping[str, RegisterSchema]
    alias: str = "t"
    period_start: str = ":period_start"
    period_end: str = ":period_end"
    step: str = ""
    """When set, SQL of the number of the period, which stands in place of its dates (``period_steps``)."""
    step_keys: Mapping[DateKey, str] = field(default_factory=dict)
    """SQL of the numbers that the period's is compared with."""
    joined: Mapping[str, str] = field(default_factory=dict)
    """Fields whose row referred to, unless deleted, the statement joins: under which alias."""

    def column(self, name: str) -> str:
        return f"{self.alias}.[{identifier(name)}]"


_SYMBOLS: Final[Mapping[type[ast.cmpop], str]] = {
    ast.Eq: "=",
    ast.NotEq: "<>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}


def truth(expression: Expression, source: Source, parameters: Parameters) -> str:
    """SQL that is 1, 0 or NULL as the expression is true, false or unknown for the row.

    Raises ``ExpressionError`` for what has no meaning over a register's row: a name that its schema does not have,
    a function of other periods, texts and numbers as the two outcomes of one ``if``.
    """
    return _as_truth(_Compiler(source, parameters).term(expression.tree))


def referenced_column(source: Source, name: str, other: str) -> str:
    """SQL of ``ref(name, "other")``: NULL when the row referred to is deleted or not there."""
    return _referenced(source, name, other).sql


class _Compiler:
    def __init__(self, source: Source, parameters: Parameters) -> None:
        self.source = source
        self.parameters = parameters

    def term(self, node: ast.expr) -> Term:
        method: Callable[[ast.expr], Term] | None = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise ExpressionError("用了不许用的写法")
        term = method(node)
        if len(term.sql) + len(term.divisor) > LONGEST_SQL or term.scale > MOST_DECIMALS:
            raise ExpressionError("表达式过于复杂")
        return term

    # --- names and constants ------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant) -> Term:
        if isinstance(node.value, str):
            return Term(Kind.TEXT, self.parameters.bind(node.value))
        number = Decimal(str(node.value))
        scale = max(0, -int(number.normalize().as_tuple().exponent)) if number.is_finite() else 0
        if not number.is_finite() or abs(number.scaleb(scale)) >= LARGEST_CONSTANT:
            raise ExpressionError("数过大")
        return self._number(int(number.scaleb(scale)), scale)

    def _number(self, scaled: int, scale: int) -> Term:
        return Term(Kind.NUMBER, self.parameters.bind(scaled), scale, constant=scaled)

    def _name(self, node: ast.Name) -> Term:
        source = self.source
        if node.id in PERIOD_NAMES:
            if source.step:
                raise ExpressionError("期别只能与日期字段比较")
            return Term(Kind.DATE, source.period_start if node.id == "period_start" else source.period_end)
        return _column(source.schema, node.id, source.column(node.id))

    # --- arithmetic ---------------------------------------------------------------------------------------------

    def _unaryop(self, node: ast.UnaryOp) -> Term:
        operand = self.term(node.operand)
        if isinstance(node.op, ast.Not):
            return Term(Kind.TRUTH, f"(NOT {_as_truth(operand)})")
        if not _numeric(operand):
            return NOTHING
        if operand.constant is not None:
            return self._number(-operand.constant, operand.scale)
        return replace(operand, kind=Kind.NUMBER, sql=f"(-{operand.sql})")

    def _binop(self, node: ast.BinOp) -> Term:
        left, right = self.term(node.left), self.term(node.right)
        if not (_numeric(left) and _numeric(right)):
            return _combine_others(node.op, left, right)
        if isinstance(node.op, ast.Mult):
            return Term(
                Kind.NUMBER,
                f"({left.sql} * {right.sql})",
                left.scale + right.scale,
                _product(left.divisor, right.divisor),
            )
        if isinstance(node.op, ast.Div):
            return self._quotient(left, right)
        symbol = "+" if isinstance(node.op, ast.Add) else "-"
        left, right = self._aligned(left, right)
        if left.divisor == right.divisor:
            return Term(Kind.NUMBER, f"({left.sql} {symbol} {right.sql})", left.scale, left.divisor)
        sql = f"({_product(left.sql, right.divisor)} {symbol} {_product(right.sql, left.divisor)})"
        return Term(Kind.NUMBER, sql, left.scale, _product(left.divisor, right.divisor))

    def _quotient(self, left: Term, right: Term) -> Term:
        """left / right, of which the denominator is made positive so that comparisons may be multiplied by it."""
        if right.constant == 0:
            return NOTHING
        sign = f"CASE WHEN {right.sql} < 0 THEN -1 ELSE 1 END"
        numerator = left.sql if (right.constant or -1) > 0 else f"({left.sql} * {sign})"
        magnitude = right.sql if (right.constant or -1) > 0 else f"nullif(max({right.sql}, -{right.sql}), 0)"
        scale = left.scale - right.scale
        if scale < 0:
            numerator, scale = self._shifted(numerator, -scale), 0
        return Term(Kind.NUMBER, _product(numerator, right.divisor), scale, _product(left.divisor, magnitude))

    def _aligned(self, left: Term, right: Term) -> tuple[Term, Term]:
        """Both numbers at the larger scale of the two."""
        scale = max(left.scale, right.scale)
        return self._at_scale(left, scale), self._at_scale(right, scale)

    def _at_scale(self, term: Term, scale: int) -> Term:
        by = scale - term.scale
        if by == 0:
            return term
        if term.constant is not None and abs(term.constant) * 10**by < LARGEST_CONSTANT:
            return self._number(term.constant * 10**by, scale)
        return replace(term, sql=self._shifted(term.sql, by), scale=scale, constant=None)

    def _shifted(self, sql: str, digits: int) -> str:
        return f"({sql} * {self.parameters.bind(10**digits)})"

    # --- truth --------------------------------------------------------------------------------------------------

    def _boolop(self, node: ast.BoolOp) -> Term:
        symbol = " OR " if isinstance(node.op, ast.Or) else " AND "
        return Term(Kind.TRUTH, "(" + symbol.join(_as_truth(self.term(value)) for value in node.values) + ")")

    def _compare(self, node: ast.Compare) -> Term:
        terms = (node.left, *node.comparators)
        tests = [self._test(*pair) for pair in zip(terms[:-1], node.ops, terms[1:], strict=True)]
        return Term(Kind.TRUTH, tests[0] if len(tests) == 1 else "(" + " AND ".join(tests) + ")")

    def _test(self, left: ast.expr, comparison: ast.cmpop, right: ast.expr) -> str:
        if isinstance(comparison, ast.In | ast.NotIn):
            return self._membership(self.term(left), right, negated=isinstance(comparison, ast.NotIn))
        step = step_of(left, comparison, right) if self.source.step else None
        if step is not None and step.key in self.source.step_keys:
            return f"({self.source.step_keys[step.key]} {step.symbol} {self.source.step})"
        return self._compared(self.term(left), _SYMBOLS[type(comparison)], self.term(right))

    def _compared(self, left: Term, symbol: str, right: Term) -> str:
        if _numeric(left) and _numeric(right):
            left, right = self._aligned(left, right)
            return f"({_product(left.sql, right.divisor)} {symbol} {_product(right.sql, left.divisor)})"
        if left.kind is Kind.NOTHING or right.kind is Kind.NOTHING:
            return "NULL"
        if left.kind is right.kind:
            return f"({left.sql} {symbol} {right.sql})"
        if symbol in ("=", "<>"):
            return _known(0 if symbol == "=" else 1, left, right)
        return "NULL"

    def _membership(self, item: Term, among: ast.expr, *, negated: bool) -> str:
        if item.kind is Kind.NOTHING:
            return "NULL"
        assert isinstance(among, ast.Tuple)  # noqa: S101 - core.expressions lets nothing else through
        members = [self.term(element) for element in among.elts]
        tests = [
            self._compared(item, "=", member)
            for member in members
            if member.kind is item.kind or (_numeric(member) and _numeric(item))
        ]
        if not tests:
            return _known(1 if negated else 0, item)
        found = "(" + " OR ".join(tests) + ")"
        return f"(NOT {found})" if negated else found

    def _ifexp(self, node: ast.IfExp) -> Term:
        test = _as_truth(self.term(node.test))
        then, otherwise = self.term(node.body), self.term(node.orelse)

        def choose(one: str, other: str) -> str:
            return f"(CASE {test} WHEN 1 THEN {one} WHEN 0 THEN {other} END)"

        if _numeric(then) and _numeric(otherwise):
            then, otherwise = self._aligned(then, otherwise)
            kind = Kind.TRUTH if then.kind is otherwise.kind is Kind.TRUTH else Kind.NUMBER
            divisor = ""
            if then.divisor or otherwise.divisor:
                divisor = choose(then.divisor or "1", otherwise.divisor or "1")
            return Term(kind, choose(then.sql, otherwise.sql), then.scale, divisor)
        if then.kind is Kind.NOTHING:
            return replace(otherwise, sql=choose("NULL", otherwise.sql), constant=None)
        if otherwise.kind is Kind.NOTHING or then.kind is otherwise.kind:
            return replace(then, sql=choose(then.sql, otherwise.sql), constant=None)
        raise ExpressionError("if 的两种结果要同为数、同为文字或同为日期")

    # --- functions ----------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call) -> Term:
        assert isinstance(node.func, ast.Name)  # noqa: S101 - core.expressions lets nothing else through
        method: Callable[[list[ast.expr]], Term] | None = getattr(self, f"_call_{node.func.id}", None)
        if method is None:
            raise ExpressionError(f"台账里不能用 {node.func.id}()")
        return method(node.args)

    def _call_missing(self, arguments: list[ast.expr]) -> Term:
        return Term(Kind.TRUTH, f"({self.term(arguments[0]).sql} IS NULL)")

    def _call_ref(self, arguments: list[ast.expr]) -> Term:
        """The field of the row that is referred to, unknown when that row is deleted or not there."""
        match arguments:
            case [ast.Name(id=name), ast.Constant(value=str(other))]:
                return _referenced(self.source, name, other)
        raise ExpressionError("ref() 写法不对")

    def _call_abs(self, arguments: list[ast.expr]) -> Term:
        term = self.term(arguments[0])
        if not _numeric(term):
            return NOTHING
        # The function abs() fails on the smallest integer; this goes on with floating point.
        return replace(term, kind=Kind.NUMBER, sql=f"max({term.sql}, -{term.sql})", constant=None)

    def _call_min(self, arguments: list[ast.expr]) -> Term:
        return self._extreme("min", "<=", arguments)

    def _call_max(self, arguments: list[ast.expr]) -> Term:
        return self._extreme("max", ">=", arguments)

    def _extreme(self, function: str, symbol: str, arguments: list[ast.expr]) -> Term:
        best, *others = [self.term(argument) for argument in arguments]
        for other in others:
            best = self._better(function, symbol, best, other)
        return best

    def _better(self, function: str, symbol: str, best: Term, other: Term) -> Term:
        if _numeric(best) and _numeric(other):
            best, other = self._aligned(best, other)
            if not best.divisor and not other.divisor:
                return Term(Kind.NUMBER, f"{function}({best.sql}, {other.sql})", best.scale)
            test = self._compared(best, symbol, other)
            pick = f"(CASE {test} WHEN 1 THEN {{}} WHEN 0 THEN {{}} END)"
            divisor = pick.format(best.divisor or "1", other.divisor or "1")
            return Term(Kind.NUMBER, pick.format(best.sql, other.sql), best.scale, divisor)
        if best.kind is other.kind and best.kind is not Kind.NOTHING:
            return Term(best.kind, f"{function}({best.sql}, {other.sql})")
        return NOTHING

    def _call_year(self, arguments: list[ast.expr]) -> Term:
        day = self.term(arguments[0])
        return Term(Kind.NUMBER, f"CAST(substr({day.sql}, 1, 4) AS INTEGER)") if day.kind is Kind.DATE else NOTHING

    def _call_days(self, arguments: list[ast.expr]) -> Term:
        later, earlier = (self.term(argument) for argument in arguments)
        if later.kind is not Kind.DATE or earlier.kind is not Kind.DATE:
            return NOTHING
        # Midnights are halves in julianday, so the difference is a whole number without rounding.
        return Term(Kind.NUMBER, f"CAST(julianday({later.sql}) - julianday({earlier.sql}) AS INTEGER)")

    def _call_length(self, arguments: list[ast.expr]) -> Term:
        text = self.term(arguments[0])
        return Term(Kind.NUMBER, f"length({text.sql})") if text.kind is Kind.TEXT else NOTHING

    def _call_date(self, arguments: list[ast.expr]) -> Term:
        match arguments:
            case [ast.Constant(value=str(text))]:
                try:
                    return Term(Kind.DATE, self.parameters.bind(dt.date.fromisoformat(text).isoformat()))
                except ValueError:
                    return NOTHING
        raise ExpressionError('date() 里要写 "2023-01-31" 这样的日期')


def _column(schema: RegisterSchema, name: str, sql: str) -> Term:
    try:
        known = schema.field(name)
    except KeyError:
        raise ExpressionError(f"台账里没有字段 {name}") from None
    if is_number(known):
        return Term(Kind.NUMBER, sql, decimals(known))
    return Term(Kind.DATE if known.type is FieldType.DATE else Kind.TEXT, sql)


def _referenced(source: Source, name: str, other: str) -> Term:
    _column(source.schema, name, "")
    target = source.registers.get(source.schema.field(name).references)
    if target is None:
        raise ExpressionError(f"字段 {name} 不指向别的台账")
    if name in source.joined:
        return _column(target, other, f"{source.joined[name]}.[{other}]")
    read = _column(target, other, f"o.[{other}]")
    sql = (
        f"(SELECT {read.sql} FROM [{table_name(target.code)}] AS o "  # noqa: S608 - checked names
        f"WHERE o.id = {source.column(name)} AND o.deleted = 0)"
    )
    return replace(read, sql=sql)


def _numeric(term: Term) -> bool:
    return term.kind in (Kind.NUMBER, Kind.TRUTH)


def _product(left: str, right: str) -> str:
    """SQL of a product in which an empty factor is 1."""
    return f"({left} * {right})" if left and right else left or right


def _as_truth(term: Term) -> str:
    """Python's idea of truth: zero and the empty text are false, a date is true."""
    if term.kind is Kind.TRUTH:
        return term.sql
    if term.kind is Kind.NUMBER:
        # A quotient is zero where its numerator is; it is unknown where its denominator is.
        return f"({_product(term.sql, f'sign({term.divisor})' if term.divisor else '')} <> 0)"
    if term.kind is Kind.TEXT:
        return f"({term.sql} <> '')"
    return _known(1, term) if term.kind is Kind.DATE else "NULL"


def _known(outcome: int, *terms: Term) -> str:
    """``outcome`` where every term is known, else NULL."""
    unknown = " OR ".join(f"{sql} IS NULL" for term in terms for sql in (term.sql, term.divisor) if sql)
    return f"(CASE WHEN {unknown} THEN NULL ELSE {outcome} END)"


def _combine_others(operator: ast.operator, left: Term, right: Term) -> Term:
    """What Python does with ``+ - * /`` of things that are not two numbers: join texts, or nothing."""
    if isinstance(operator, ast.Add) and left.kind is right.kind is Kind.TEXT:
        return Term(Kind.TEXT, f"({left.sql} || {right.sql})")
    if isinstance(operator, ast.Sub) and left.kind is right.kind is Kind.DATE:
        raise ExpressionError("两个日期相减要写成 days(后，前)")
    if isinstance(operator, ast.Mult) and {left.kind, right.kind} == {Kind.TRUTH, Kind.TEXT}:
        raise ExpressionError("文字不能相乘")
    return NOTHING
