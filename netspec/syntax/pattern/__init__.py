"""Patterns of axes, as einops has them: ``c (h p) (w q) -> (h w) (c p q)``.

Takes the text of a pattern. Gives the axes of each operand and of the result, every name with its place in the text.
Guarantees that a pattern is bounded, and that it is data: names and brackets, never Python.

``model`` holds what a pattern is, ``reader`` makes it from a text, and ``error`` says what can be wrong with one.
"""

from netspec.syntax.pattern.error import PatternError
from netspec.syntax.pattern.model import ELLIPSIS, Axis, Pattern, Side
from netspec.syntax.pattern.reader import read

__all__ = ["ELLIPSIS", "Axis", "Pattern", "PatternError", "Side", "read"]
