"""Runs firmware/fusion.py: under a MicroPython, or on CPython as written, every step checked to fit in 32 bits."""

from __future__ import annotations

import ast
import subprocess
import sys
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from hiphold import wire

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCE = REPOSITORY / "firmware" / "fusion.py"
SCRIPT = REPOSITORY / "tests" / "micropython" / "fusion_run.py"

Rows = npt.NDArray[np.int16]
"""(n, 10): acc x y z, gyr x y z in counts, quaternion w x y z in Q15"""


@dataclass(frozen=True)
class Setup:
    """What a node tells its filter."""

    acc_code: int = 5
    gyr_code: int = 8
    period_ns: int = 10_000_000
    zero: tuple[int, int, int] = (0, 0, 0)
    """counts * 16"""

    @property
    def period_s(self) -> float:
        return self.period_ns * 1e-9


def under_micropython(interpreter: str, rows: Rows, setup: Setup, source: Path = SOURCE.parent) -> tuple[Rows, float]:
    """The rows with quaternions as real MicroPython fills them, nothing allocated, and us per sample."""
    with tempfile.TemporaryDirectory() as folder:
        given, result = Path(folder, "given"), Path(folder, "result")
        given.write_bytes(np.ascontiguousarray(rows, "<i2").tobytes())
        words = (setup.acc_code, setup.gyr_code, setup.period_ns, *setup.zero, given, result)
        done = subprocess.run(
            [interpreter, "-X", "heapsize=32m", str(SCRIPT), *map(str, words)],
            env={"MICROPYPATH": f"{source}:{REPOSITORY / 'host' / 'hiphold'}"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return np.frombuffer(result.read_bytes(), "<i2").reshape(-1, 10), float(done.stdout)


def load(source: str, checked: bool) -> dict[str, Any]:
    """The names of a MicroPython module run on CPython; checked: OverflowError where 32 bits would not do."""
    tree = _Checks().visit(ast.parse(source)) if checked else ast.parse(source)
    fake = ModuleType("micropython")
    fake.__dict__["viper"] = lambda function: function
    outside = {"micropython": fake, "wire": wire}
    names: dict[str, Any] = {"_word": _word, "_small": _small, "_places": _places}
    before = {name: sys.modules.get(name) for name in outside}
    sys.modules.update(outside)
    try:
        exec(compile(ast.fix_missing_locations(tree), "checked", "exec"), names)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return names


def on_cpython(make: Callable[[int, int, int], Any], rows: Rows, setup: Setup) -> Rows:
    """The rows with quaternions as the Fusion of `load` fills them."""
    node = make(setup.acc_code, setup.gyr_code, 100)
    node.set_period_ns(setup.period_ns)
    node.set_gyr_zero(*setup.zero)
    filled = array("h", np.ascontiguousarray(rows, np.int16).tobytes())
    node.update(filled, len(rows))
    return np.array(filled, np.int16).reshape(-1, 10)


def _word(value: int) -> int:
    if -0x80000000 <= value <= 0x7FFFFFFF:
        return value
    raise OverflowError(f"{value} does not fit in 32 bits")


def _small(value: int) -> int:
    if -0x40000000 <= value <= 0x3FFFFFFF:
        return value
    raise OverflowError(f"{value} is no small int: MicroPython would allocate it")


def _places(value: int) -> int:
    if 0 <= value <= 31:
        return value
    raise OverflowError(f"a shift by {value} places")


def _call(name: str, value: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), [value], [])


class _Checks(ast.NodeTransformer):
    """In viper functions: results of arithmetic fit in 32 bits; what is kept, passed or returned is a small int."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if any(isinstance(each, ast.Attribute) and each.attr == "viper" for each in node.decorator_list):
            node.body = [_InViper().visit(statement) for statement in node.body]
        return node


class _InViper(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.LShift | ast.RShift):
            node.right = _call("_places", node.right)
        return _call("_word", node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call("_word", node) if isinstance(node.op, ast.USub) else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        if not isinstance(node.target, ast.Name):
            raise NotImplementedError("write it out: the check knows += of names only")
        read = ast.Name(node.target.id, ast.Load())
        return ast.Assign([node.target], self.visit(ast.BinOp(read, node.op, node.value)))

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        if not isinstance(node.targets[0], ast.Name):
            node.value = _call("_small", node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        self.generic_visit(node)
        node.value = _call("_small", node.value) if node.value else None
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ("int", "range"):
            return node
        node.args = [_call("_small", each) for each in node.args]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, int):
            _small(node.value)
        return node
