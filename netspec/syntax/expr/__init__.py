"""The bounded arithmetic of netspec documents: ``4 * width``, ``2 if i == 0 else 1``, ``x.channels // 16``.

An expression has Python's spelling and Python's meaning, but only this alphabet:

    numbers, strings, true, false, null, names          [a, b] and (a, b), both lists
    + - * / // % **  unary + -                          == != < <= > >= in, also chained; is null
    and, or, not, a if condition else b                 items[i], items[a:b:c]
    x.channels .shape .rank .height .width .length .depth .features, where x is a Value
    calls of FUNCTIONS with positional arguments

``error`` holds the error and the limits, ``value`` what can be in scope, ``operation`` and ``function`` what can be
done with it; ``syntax`` turns a text into a tree, ``builder`` the tree into closures, and ``expression`` is what
others use, and ``truth`` knows which conditions depend on nothing. ``formula`` evaluates expressions over the elements
of values: ``formula_builder`` makes its closures, ``term`` is a part of it and ``elementwise`` has the functions.
``index_formula`` does so over indices, and ``weight_formula`` over tensors.
``other_names`` answers the names of other languages. No Python code is ever compiled.
"""

from netspec.syntax.expr.builder import CONSTANTS
from netspec.syntax.expr.elementwise import ELEMENTWISE
from netspec.syntax.expr.error import ExpressionError
from netspec.syntax.expr.expression import Expression, evaluate, fields, fill, parse
from netspec.syntax.expr.formula import Evaluated, Formula, parse_evaluated, parse_formula
from netspec.syntax.expr.function import FUNCTIONS
from netspec.syntax.expr.index_formula import EvaluatedIndexFormula, IndexFormula, parse_index_formula
from netspec.syntax.expr.truth import known_truth
from netspec.syntax.expr.value import ATTRIBUTES, UNKNOWN, AlreadyReported, Missing, Unknown, Value
from netspec.syntax.expr.weight_formula import WeightFormula, parse_weight_formula

__all__ = [
    "ATTRIBUTES",
    "CONSTANTS",
    "ELEMENTWISE",
    "FUNCTIONS",
    "UNKNOWN",
    "AlreadyReported",
    "Evaluated",
    "EvaluatedIndexFormula",
    "Expression",
    "ExpressionError",
    "Formula",
    "IndexFormula",
    "Missing",
    "Unknown",
    "Value",
    "WeightFormula",
    "evaluate",
    "fields",
    "fill",
    "known_truth",
    "parse",
    "parse_evaluated",
    "parse_formula",
    "parse_index_formula",
    "parse_weight_formula",
]
