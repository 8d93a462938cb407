"""Firmware on CPython as a 32-bit MicroPython would run it, to find what the 64-bit one of the tests cannot show.

In viper functions every result is cut to 32 bits, as the machine does. Everywhere else a result beyond a small int
(2**30) raises, because there it would be an object on the heap.
"""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDERS = (REPOSITORY / "firmware", REPOSITORY / "host/hiphold", REPOSITORY / "tests/micropython")
ENVIRONMENT = {"MICROPYPATH": ":".join(map(str, FOLDERS))}  # where a real MicroPython finds the same modules


def cut(value: Any) -> Any:
    return (value + 2**31) % 2**32 - 2**31 if type(value) is int else value


def small(value: Any) -> Any:
    if type(value) is int and not -(2**30) <= value < 2**30:
        raise OverflowError(f"{value} is not a small int of a 32-bit MicroPython")
    return value


class Pointer:
    """What viper's ptr32 is there: words load with their sign, and stores keep the low bits."""

    def __init__(self, buffer: Any) -> None:
        self._words = memoryview(buffer).cast("B").cast("i")

    def __getitem__(self, index: int) -> int:
        return self._words[index]

    def __setitem__(self, index: int, value: int) -> None:
        self._words[index] = cut(value)


class Pointer16(Pointer):
    """And ptr16, without a sign."""

    def __init__(self, buffer: Any) -> None:
        self._words = memoryview(buffer).cast("B").cast("H")

    def __setitem__(self, index: int, value: int) -> None:
        self._words[index] = value & 0xFFFF


class Checks(ast.NodeTransformer):
    """Wraps the result of every arithmetic operation inside functions, by the kind of function."""

    check: str | None = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # the name is ast's
        before = self.check
        is_viper = any(ast.unparse(decorator) == "micropython.viper" for decorator in node.decorator_list)
        self.check = "cut" if is_viper else "small"
        self.generic_visit(node)
        self.check = before
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if self.check is None:
            return node
        return ast.copy_location(ast.Call(ast.Name(self.check, ast.Load()), [node], []), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        result = ast.copy_location(ast.BinOp(read, node.op, node.value), node)
        return self.visit(ast.copy_location(ast.Assign([node.target], result), node))


def load(name: str) -> types.ModuleType:
    path = next(path for folder in FOLDERS if (path := folder / f"{name}.py").exists())
    tree: ast.Module = ast.parse(path.read_text("utf-8"))
    if path.parent == FOLDERS[0]:
        tree = ast.fix_missing_locations(Checks().visit(tree))
    module = types.ModuleType(name)
    module.__dict__.update(cut=cut, small=small, ptr16=Pointer16, ptr32=Pointer)
    sys.modules[name] = module
    exec(compile(tree, str(path), "exec"), module.__dict__)
    return module


@contextmanager
def modules(*names: str) -> Iterator[list[Any]]:
    """These modules of FOLDERS, loaded in this order so that one finds those it imports; forgotten afterwards."""
    before = dict(sys.modules)
    fake: Any = types.ModuleType("micropython")
    fake.viper = fake.native = lambda function: function
    fake.const = lambda value: value
    sys.modules["micropython"] = fake
    try:
        yield [load(name) for name in names]
    finally:
        for name in (*names, "micropython"):
            sys.modules.pop(name, None)
        sys.modules.update({name: before[name] for name in (*names, "micropython") if name in before})
