"""What tests of the command line share: a few documents, and commands that run here or in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
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


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **options)
