"""The expansion of combinators. Importing this package registers all of them.

loops.py      ``sequential``, ``repeat`` and ``foreach``
residual.py   ``residual``, with every kind of shortcut
strides.py    the total stride of a residual branch
dense.py      ``dense``
let.py        ``let``
outputs.py    ``output``
scan.py       ``scan``
split.py      ``split``
use.py        ``use``
taps.py       the values inside a used document
"""

from __future__ import annotations

from netspec.lowering.combinators import dense, let, loops, outputs, residual, scan, split, use  # noqa: F401
