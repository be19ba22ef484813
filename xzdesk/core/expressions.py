"""The small language of the catalogue's rules, conditions and derivations.

Python's own grammar, cut down to what a statistician writes: comparisons (chained too), ``and or not``, ``in
(...)``, ``+ - * /``, ``a if b else c``, numbers, texts and the names of elements or fields. A catalogue may come
from an enemy, so the tree is checked node by node before anything is built; nothing is ever handed to ``eval``.

Unknown spreads as in SQL: arithmetic and comparison with ``None`` give ``None``, ``and``/``or`` are Kleene's, a
division by zero is unknown. Functions of one *name* read other periods through the ``Environment``:
``prev(x)`` last period, ``last_year(x)`` same period a year before, ``ytd(x)`` sum of the year so far, ``to_date(x)``
期初数 plus all since; ``missing(x)`` tells whether nothing is recorded, ``absent(x)`` whether 不适用 or 未开展 is;
``children(x)`` sums x over the units below; ``ref(field, "other")`` reads a field of the referenced row.
Functions of values: ``abs min max year(date) days(later, earlier) length(text) date("2023-01-01")``.
"""

from __future__ import annotations

import ast
import datetime as dt
import operator
from collections.abc import Callable, Collection
from decimal import Decimal, DivisionByZero, InvalidOperation
from functools import lru_cache
from typing import Final, Protocol

from xzdesk.core.model import Scalar

MAX_LENGTH: Final = 500
MAX_NODES: Final = 150

SERIES_FUNCTIONS: Final = frozenset({"prev", "last_year", "ytd", "to_date", "missing", "absent", "children"})
ROW_FUNCTIONS: Final = frozenset({"missing", "ref"})


class ExpressionError(ValueError):
    """The text is not of the language; ``args[0]`` says why, in Chinese."""


class Environment(Protocol):
    """What names mean at one place (a unit in a period, or a register row)."""

    def value(self, name: str) -> Scalar:
        """The content of an element or field; None when unknown."""

    def series(self, function: str, name: str) -> Scalar:
        """``prev(name)`` and its kin; for ``ref`` the name is ``field.other``."""


Closure = Callable[[Environment], Scalar]


class Expression:
    """A checked expression. ``names`` are the elements or fields it reads, ``calls`` its (function, name) pairs."""

    __slots__ = ("_run", "calls", "names", "text", "tree")

    def __init__(
        self,
        text: str,
        tree: ast.expr,
        run: Closure,
        names: frozenset[str],
        calls: frozenset[tuple[str, str]],
    ) -> None:
        self.text = text
        self.tree = tree
        self.names = names
        self.calls = calls
        self._run = run

    def evaluate(self, environment: Environment) -> Scalar:
        """The value, or None when something it needs is unknown."""
        return self._run(environment)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Check and compile ``text``. Raises ``ExpressionError``."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"表达式超过 {MAX_LENGTH} 个字符")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise ExpressionError("表达式写法不对") from error
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise ExpressionError("表达式过长")
    compiler = _Compiler()
    run = compiler.compile(tree)
    return Expression(text, tree, run, frozenset(compiler.names), frozenset(compiler.calls))


def check_names(expression: Expression, known: Collection[str]) -> None:
    """Raises ``ExpressionError`` naming what ``known`` does not hold."""
    unknown = sorted(expression.names - set(known))
    if unknown:
        raise ExpressionError(f"认不出的名称 {', '.join(unknown)}")


def _lift(function: Callable[..., Scalar]) -> Callable[..., Scalar]:
    """Make a function of known values answer None when an argument is unknown or of the wrong kind."""

    def lifted(*values: Scalar) -> Scalar:
        if None in values:
            return None
        try:
            return function(*values)
        except (TypeError, AttributeError, DivisionByZero, InvalidOperation, ValueError, OverflowError):
            return None

    return lifted


_COMPARE: Final[dict[type[ast.cmpop], Callable[..., Scalar]]] = {
    ast.Eq: _lift(operator.eq),
    ast.NotEq: _lift(operator.ne),
    ast.Lt: _lift(operator.lt),
    ast.LtE: _lift(operator.le),
    ast.Gt: _lift(operator.gt),
    ast.GtE: _lift(operator.ge),
}
_ARITHMETIC: Final[dict[type[ast.operator], Callable[..., Scalar]]] = {
    ast.Add: _lift(operator.add),
    ast.Sub: _lift(operator.sub),
    ast.Mult: _lift(operator.mul),
    ast.Div: _lift(operator.truediv),
}
_FUNCTIONS: Final[dict[str, tuple[Callable[..., Scalar], range]]] = {
    "abs": (_lift(abs), range(1, 2)),
    "min": (_lift(min), range(2, 9)),
    "max": (_lift(max), range(2, 9)),
    "year": (_lift(lambda day: Decimal(day.year)), range(1, 2)),
    "days": (_lift(lambda later, earlier: Decimal((later - earlier).days)), range(2, 3)),
    "length": (_lift(lambda text: Decimal(len(text))), range(1, 2)),
    "date": (_lift(dt.date.fromisoformat), range(1, 2)),
}


class _Compiler:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.calls: set[tuple[str, str]] = set()

    def compile(self, node: ast.expr) -> Closure:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise ExpressionError("用了不许用的写法")
        closure: Closure = method(node)
        return closure

    def _constant(self, node: ast.Constant) -> Closure:
        value: Scalar
        if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
            raise ExpressionError("只许用数和文字")
        value = node.value if isinstance(node.value, str) else Decimal(str(node.value))
        return lambda _: value

    def _name(self, node: ast.Name) -> Closure:
        name = node.id
        self.names.add(name)
        return lambda environment: environment.value(name)

    def _unaryop(self, node: ast.UnaryOp) -> Closure:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.Not):
            return lambda environment: None if (value := operand(environment)) is None else not value
        if isinstance(node.op, ast.USub):
            negate = _lift(operator.neg)
            return lambda environment: negate(operand(environment))
        raise ExpressionError("用了不许用的运算")

    def _binop(self, node: ast.BinOp) -> Closure:
        combine = _ARITHMETIC.get(type(node.op))
        if combine is None:
            raise ExpressionError("只许用加减乘除")
        left, right = self.compile(node.left), self.compile(node.right)
        return lambda environment: combine(left(environment), right(environment))

    def _boolop(self, node: ast.BoolOp) -> Closure:
        parts = [self.compile(value) for value in node.values]
        decisive = isinstance(node.op, ast.Or)

        def run(environment: Environment) -> Scalar:
            unknown = False
            for part in parts:
                value = part(environment)
                if value is None:
                    unknown = True
                elif bool(value) is decisive:
                    return decisive
            return None if unknown else not decisive

        return run

    def _ifexp(self, node: ast.IfExp) -> Closure:
        test, then, otherwise = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)

        def run(environment: Environment) -> Scalar:
            decided = test(environment)
            if decided is None:
                return None
            return then(environment) if decided else otherwise(environment)

        return run

    def _compare(self, node: ast.Compare) -> Closure:
        terms = [self.compile(node.left)]
        tests: list[Callable[..., Scalar]] = []
        for comparison, right in zip(node.ops, node.comparators, strict=True):
            if isinstance(comparison, ast.In | ast.NotIn):
                if len(node.ops) > 1:
                    raise ExpressionError("in 不能连写")
                return self._membership(terms[0], right, isinstance(comparison, ast.NotIn))
            if type(comparison) not in _COMPARE:
                raise ExpressionError("用了不许用的比较")
            tests.append(_COMPARE[type(comparison)])
            terms.append(self.compile(right))

        def run(environment: Environment) -> Scalar:
            values = [term(environment) for term in terms]
            outcome: Scalar = True
            for test, left, right in zip(tests, values[:-1], values[1:], strict=True):
                held = test(left, right)
                if held is False:
                    return False
                if held is None:
                    outcome = None
            return outcome

        return run

    def _membership(self, item: Closure, among: ast.expr, negated: bool) -> Closure:
        if not isinstance(among, ast.Tuple) or not all(isinstance(e, ast.Constant) for e in among.elts):
            raise ExpressionError("in 后面要写括号里的若干值")
        members = [self.compile(element)(_NOWHERE) for element in among.elts]

        def run(environment: Environment) -> Scalar:
            value = item(environment)
            return None if value is None else (value in members) is not negated

        return run

    def _call(self, node: ast.Call) -> Closure:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ExpressionError("函数写法不对")
        name = node.func.id
        if name == "ref":
            return self._reference(node)
        if name in SERIES_FUNCTIONS:
            if len(node.args) != 1 or not isinstance(node.args[0], ast.Name):
                raise ExpressionError(f"{name}() 里要写一个采集项或字段的名称")
            target = node.args[0].id
            self.names.add(target)
            self.calls.add((name, target))
            return lambda environment: environment.series(name, target)
        if name not in _FUNCTIONS:
            raise ExpressionError(f"没有函数 {name}()")
        function, counts = _FUNCTIONS[name]
        if len(node.args) not in counts:
            raise ExpressionError(f"{name}() 的参数个数不对")
        arguments = [self.compile(argument) for argument in node.args]
        return lambda environment: function(*[argument(environment) for argument in arguments])

    def _reference(self, node: ast.Call) -> Closure:
        match node.args:
            case [ast.Name(id=field), ast.Constant(value=str(other))]:
                self.names.add(field)
                self.calls.add(("ref", f"{field}.{other}"))
                return lambda environment: environment.series("ref", f"{field}.{other}")
        raise ExpressionError('ref() 要写成 ref(字段， "对方字段")')


class _Nowhere:
    """The environment of constants."""

    def value(self, name: str) -> Scalar:
        raise ExpressionError(f"这里不能用 {name}")

    def series(self, function: str, name: str) -> Scalar:
        raise ExpressionError(f"这里不能用 {function}({name})")


_NOWHERE: Final = _Nowhere()
