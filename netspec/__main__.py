"""``python -m netspec`` is the command line."""

from __future__ import annotations

from netspec.cli import main

main()
