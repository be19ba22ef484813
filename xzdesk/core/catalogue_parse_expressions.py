"""Checking a catalogue's expressions against what they read: names, functions, kinds of value, words compared with.

``expressions`` says what the language is; here is decided whether a text of it makes sense for these elements or
fields. A comparison of a grade with a word that no grade has would otherwise be silently false for ever.
"""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xzdesk.core.catalogue_parse import Place, show
from xzdesk.core.expressions import ROW_FUNCTIONS, Expression, ExpressionError, parse
from xzdesk.core.model import NO, YES, DataElement, FieldType, Measure, RegisterField, RegisterSchema

_LARGEST: Final = 10**15


class Kind(StrEnum):
    """The kinds of value an expression computes with, by what a message calls them."""

    NUMBER = "数"
    TEXT = "文字"
    DATE = "日期"
    TRUTH = "是非"


@dataclass(frozen=True, slots=True)
class Variable:
    """What a name stands for."""

    kind: Kind
    choices: frozenset[str] | None = None
    """The only texts it can be; None: any."""
    flow: bool = True
    """Whether it may be summed over periods."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression at one place may read."""

    variables: Mapping[str, Variable]
    functions: frozenset[str]
    below: Mapping[str, Variable] = field(default_factory=dict)
    """For ``children``: the elements of the level below."""
    references: Mapping[str, Mapping[str, Variable]] = field(default_factory=dict)
    """For ``ref``: the fields of the register that a field refers to, by field."""


def of_element(element: DataElement) -> Variable:
    if element.numeric:
        return Variable(Kind.NUMBER, flow=element.measure is Measure.FLOW)
    return Variable(Kind.TEXT, frozenset(stored for stored, _ in element.choices))


def of_elements(elements: Iterable[DataElement]) -> dict[str, Variable]:
    return {element.code: of_element(element) for element in elements}


def of_field(field_: RegisterField) -> Variable:
    if field_.type is FieldType.BOOLEAN:
        return Variable(Kind.TEXT, frozenset((YES, NO)))
    if field_.type is FieldType.STRING:
        return Variable(Kind.TEXT, frozenset(field_.choices) if field_.choices else None)
    return Variable(Kind.DATE if field_.type is FieldType.DATE else Kind.NUMBER)


PERIOD_NAMES: Final = {"period_start": Variable(Kind.DATE), "period_end": Variable(Kind.DATE)}


def register_scope(schema: RegisterSchema, registers: Mapping[str, RegisterSchema]) -> Scope:
    """What an expression over the rows of ``schema`` may read."""
    return Scope(
        {field_.name: of_field(field_) for field_ in schema.fields} | PERIOD_NAMES,
        ROW_FUNCTIONS,
        references={
            field_.name: {other.name: of_field(other) for other in registers[field_.references].fields}
            for field_ in schema.fields
            if field_.references in registers
        },
    )


def check_expression(place: Place, what: str, text: str, scope: Scope) -> Expression | None:
    """The parsed condition; None, after a fault, when it is not of the language. All its faults are noted."""
    try:
        expression = parse(text)
    except ExpressionError as error:
        place.fault(f"{what}“{show(text)}”：{error}")
        return None
    typer = _Typer(place, what, scope)
    kind = typer.kind(expression.tree)
    if kind not in (None, Kind.TRUTH):
        place.fault(f"{what}应是一个条件，算出来却是{kind}")
    if not expression.names:
        place.fault(f"{what}没有读任何采集项或字段")
    return expression


class _Typer:
    """Walks a checked tree; every method answers the kind of the node, or None when a fault has been noted."""

    def __init__(self, place: Place, what: str, scope: Scope) -> None:
        self._place = place
        self._what = what
        self._scope = scope

    def kind(self, node: ast.expr) -> Kind | None:
        match node:
            case ast.Constant(value=str()):
                return Kind.TEXT
            case ast.Constant(value=int() | float() as number):
                if not abs(number) < _LARGEST:
                    self._fault("里的数过大")
                return Kind.NUMBER
            case ast.Name(id=name):
                variable = self._variable(name, self._scope.variables)
                return variable.kind if variable else None
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._expect(operand, Kind.TRUTH)
            case ast.UnaryOp(operand=operand):
                return self._expect(operand, Kind.NUMBER)
            case ast.BinOp(left=left, right=right):
                self._expect(left, Kind.NUMBER)
                return self._expect(right, Kind.NUMBER)
            case ast.BoolOp(values=values):
                for value in values:
                    self._expect(value, Kind.TRUTH)
                return Kind.TRUTH
        return self._compound(node)

    def _compound(self, node: ast.expr) -> Kind | None:
        match node:
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self._expect(test, Kind.TRUTH)
                kind = self.kind(body)
                return self._expect(orelse, kind) if kind else self.kind(orelse)
            case ast.Compare():
                self._compare(node)
                return Kind.TRUTH
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, args)
        raise AssertionError(f"a node that expressions.parse lets pass: {type(node).__name__}")

    def _fault(self, text: str) -> None:
        self._place.fault(f"{self._what}{text}")

    def _expect(self, node: ast.expr, wanted: Kind) -> Kind:
        found = self.kind(node)
        if found not in (None, wanted):
            self._fault(f"里“{show(ast.unparse(node))}”是{found}，这里要的是{wanted}")
        return wanted

    def _variable(self, name: str, known: Mapping[str, Variable]) -> Variable | None:
        variable = known.get(name)
        if variable is None:
            self._fault(f"里没有可用的采集项或字段“{show(name)}”（要属于同一层级或同一台账）")
        return variable

    def _compare(self, node: ast.Compare) -> None:
        terms = [node.left, *node.comparators]
        if isinstance(node.ops[0], ast.In | ast.NotIn):
            members = node.comparators[0]
            terms = [node.left, *(members.elts if isinstance(members, ast.Tuple) else [])]
        kinds = [self.kind(term) for term in terms]
        known = [kind for kind in kinds if kind]
        if len(set(known)) > 1:
            self._fault(f"里“{show(ast.unparse(node))}”把{'和'.join(sorted(set(known)))}相比")
        elif known and known[0] in (Kind.TEXT, Kind.TRUTH):
            if any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops):
                self._fault(f"里“{show(ast.unparse(node))}”比大小的不是数或日期")
            self._check_words(terms)

    def _check_words(self, terms: list[ast.expr]) -> None:
        """Every text that is compared with a choice must be one of its values."""
        allowed = [choices for term in terms if (choices := self._choices(term)) is not None]
        for term in terms:
            if isinstance(term, ast.Constant):
                for choices in allowed:
                    if term.value not in choices:
                        self._fault(f"里的“{show(str(term.value))}”不是可选的值（{'、'.join(sorted(choices))}）")

    def _choices(self, term: ast.expr) -> frozenset[str] | None:
        match term:
            case ast.Name(id=name):
                variable = self._scope.variables.get(name)
            case ast.Call(func=ast.Name(id="ref"), args=[ast.Name(id=name), ast.Constant(value=str(other))]):
                variable = self._scope.references.get(name, {}).get(other)
            case ast.Call(func=ast.Name(id="prev" | "last_year"), args=[ast.Name(id=name)]):
                variable = self._scope.variables.get(name)
            case _:
                variable = None
        return variable.choices if variable else None

    def _call(self, name: str, args: list[ast.expr]) -> Kind | None:
        match name, args:
            case (("abs" | "min" | "max"), _):
                return self._alike(name, args)
            case "year", [day]:
                self._expect(day, Kind.DATE)
                return Kind.NUMBER
            case "days", [later, earlier]:
                self._expect(later, Kind.DATE)
                self._expect(earlier, Kind.DATE)
                return Kind.NUMBER
            case "length", [text]:
                self._expect(text, Kind.TEXT)
                return Kind.NUMBER
            case "date", [day]:
                return self._date(day)
        if name not in self._scope.functions:
            self._fault(f"里不能用 {name}()")
            return None
        return self._reading(name, args)

    def _alike(self, name: str, args: list[ast.expr]) -> Kind | None:
        kind = self.kind(args[0])
        if kind not in (None, Kind.NUMBER) and (kind is not Kind.DATE or name == "abs"):
            self._fault(f"里 {name}() 不能用于{kind}")
            return None
        for arg in args[1:]:
            if kind:
                self._expect(arg, kind)
        return kind

    def _date(self, day: ast.expr) -> Kind:
        try:
            if isinstance(day, ast.Constant) and len(str(day.value)) == 10:
                dt.date.fromisoformat(str(day.value))
                return Kind.DATE
        except ValueError:
            pass
        self._fault('里 date() 要写成 date("2023-01-31") 的样子')
        return Kind.DATE

    def _reading(self, name: str, args: list[ast.expr]) -> Kind | None:
        """``prev(x)`` and its kin; the parser has made sure of the arguments' form."""
        target = args[0]
        if not isinstance(target, ast.Name):
            raise AssertionError("a call that expressions.parse lets pass")
        if name == "ref":
            return self._reference(target.id, args[1])
        variable = self._variable(target.id, self._scope.below if name == "children" else self._scope.variables)
        if name in ("missing", "absent"):
            return Kind.TRUTH
        if variable is None or name in ("prev", "last_year"):
            return variable.kind if variable else None
        if variable.kind is not Kind.NUMBER:
            self._fault(f"里 {name}({target.id}) 要用数")
        elif name != "children" and not variable.flow:
            self._fault(f"里 {name}({target.id}) 只能用于本期数（flow）")
        return Kind.NUMBER

    def _reference(self, name: str, other: ast.expr) -> Kind | None:
        fields = self._scope.references.get(name)
        if fields is None:
            self._fault(f"里的字段“{show(name)}”不指向别的台账")
            return None
        variable = fields.get(str(other.value) if isinstance(other, ast.Constant) else "")
        if variable is None:
            self._fault(f"里 ref({name}) 指向的台账没有这个字段")
        return variable.kind if variable else None
