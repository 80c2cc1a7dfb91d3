"""What tests of the command line share: a few documents, and commands that run here or in a process of their own."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

GOOD = """\
netspec: 1
name: tiny
args: {width: 4}
variants: {wide: {width: 8}}
input: [3, 8, 8]
network:
  - conv: {out: width, kernel: 3}
  - flatten
  - linear: 10
expect: {params: 1562}
"""
BAD = GOOD.replace("flatten", "flaten")
WRONG = GOOD.replace("1562", "1563")
HUGE = "netspec: 1\ninput: [1, 2000000, 2000000]\nnetwork: [relu]\n"


Result = tuple[int, str, str]
Run = Callable[..., Result]


def loaded(steps: Sequence[tuple[str, set[str]]]) -> list[list[str]]:
    """Run statements one after the other in a new process; return which of its modules are loaded after each.

    One process is enough where no statement forbids what an earlier one may load.
    """
    lines = [f"{statement}\nfound.append(sorted(set(sys.modules) & {modules!r}))" for statement, modules in steps]
    done = python("-c", "\n".join(["import sys", "found = []", *lines, "print(found, file=sys.stderr)"]))
    assert done.returncode == 0, done.stderr
    return list(ast.literal_eval(done.stderr))


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)
