"""Small changes of a source, each of which some test should notice."""

import ast
import copy
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr, ast.MatMult: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        file: below src/wordrel.
        line: of the source.
        kind: of change.
        before, after: the source of what is changed.
        source: of the whole file, changed.
    """

    file: str
    line: int
    kind: str
    before: str
    after: str
    source: str


def mutants(source: str, file: str) -> Iterator[Mutant]:
    """Every change of a source, in the order of the tree."""
    tree = ast.parse(source)
    for place, node in enumerate(_nodes(tree)):
        for kind, after in _changes(node):
            changed = copy.deepcopy(tree)
            target = [*_nodes(changed)][place]
            whole = _Put(target, after).visit(changed)
            text = ast.unparse(ast.fix_missing_locations(whole))
            line = getattr(node, "lineno", 0)
            yield Mutant(file, line, kind, ast.unparse(node), ast.unparse(after), text)


def sample(root: Path, files: list[str], amount: int, seed: int) -> list[Mutant]:
    """So many changes of these files, drawn without replacement; more of them begin as fewer do."""
    every = [m for file in files for m in mutants((root / file).read_text("utf-8"), file)]
    random.Random(seed).shuffle(every)
    return every[:amount]


def _nodes(tree: ast.Module) -> list[ast.AST]:
    """What may be changed: no docstring, no annotation, nothing outside functions."""
    nodes: list[ast.AST] = []

    def walk(node: ast.AST, inside: bool) -> None:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST) or _is_docstring(node, child):
                    continue
                function = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
                if inside:
                    nodes.append(child)
                if not isinstance(child, ast.JoinedStr):
                    walk(child, function)

    walk(tree, False)
    return nodes


def _is_docstring(parent: ast.AST, child: ast.AST) -> bool:
    text = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
    return text and child in getattr(parent, "body", ())


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    yield from _of_expression(node)
    yield from _of_constant(node)
    yield from _of_statement(node)


def _of_expression(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            yield "comparison", _with(node, ops=[_COMPARED[type(op)]()])
        case ast.BinOp(op=op) if type(op) in _COMPUTED:
            yield "operator", _with(node, op=_COMPUTED[type(op)]())
        case ast.BoolOp(op=op):
            yield "and, or", _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "sign", operand
        case ast.IfExp(body=body, orelse=orelse):
            yield "branches", _with(node, body=orelse, orelse=body)


def _of_constant(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int() | float() as number):
            yield "constant", ast.Constant(number + 1)
        case ast.Constant(value=str() as text):
            yield "text", ast.Constant(f"{text}x")
        case ast.JoinedStr():
            yield "text", ast.Constant("x")


def _of_statement(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.If(test=test):
            yield "condition", _with(node, test=ast.UnaryOp(ast.Not(), test))
        case ast.Return(value=ast.AST() as value) if not _is_none(value):
            yield "return", ast.Return(ast.Constant(None))
        case ast.Expr(value=ast.Call()):
            yield "statement", ast.Pass()
        case ast.Continue():
            yield "loop", ast.Break()
        case ast.Break():
            yield "loop", ast.Continue()


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


class _Put(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, target: ast.AST, after: ast.AST) -> None:
        self._target, self._after = target, after

    def visit(self, node: ast.AST) -> ast.AST:
        return self._after if node is self._target else self.generic_visit(node)
