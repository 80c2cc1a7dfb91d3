"""From text to tree: the characters that are allowed, and the spelling of operators and constructs."""

from __future__ import annotations

import ast
import keyword
import re
import warnings

from netspec.syntax.expr.error import MAX_CHARACTERS, SYNTAX, ExpressionError, too_long

SYMBOLS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.UAdd: "+",
    ast.USub: "-",
    ast.Not: "not",
    ast.Invert: "~",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}

CONSTRUCTS: dict[type[ast.AST], str] = {
    ast.Constant: "this constant",
    ast.JoinedStr: "an f-string",
    ast.Dict: "a mapping",
    ast.Set: "a set",
    ast.ListComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Lambda: "a lambda",
    ast.NamedExpr: "an assignment",
    ast.Starred: "unpacking with *",
}

# spellings of other languages, and what to write instead
HABITS = {
    "&&": "write 'and'",
    "||": "write 'or'",
    "?": "write 'a if condition else b'",
    "${": "write the name alone, without $ and braces",
    "$": "write the name without $",
    "&": "write 'and'",
    "|": "write 'or'",
    "^": "a power is written **",
    "~": "write 'not'",
    "@": "the step `matmul` is the product of matrices",
    "<>": "write '!='",
    "===": "write '=='",
}

_WORDS = {"AND": "write 'and'", "OR": "write 'or'", "NOT": "write 'not'"}
_BRACKETS = {"(": ")", "[": "]", "{": "}"}

_LOOK_ALIKES = {
    "\u2010\u2011\u2012\u2013\u2014\u2015\u2212": "a minus is the hyphen of the keyboard: '-'",
    "\u00d7\u2715\u22c5\u00b7": "a product is written with '*'",
    "\u00f7\u2215\u2044": "a quotient is written with '/' or, rounded down, '//'",
    "\u2018\u2019\u201c\u201d\u201e": "quotes are straight: ' or \"",
    "\u2264": "write '<='",
    "\u2265": "write '>='",
    "\u2260": "write '!='",
    "\u00a0\u202f": "this is a no-break space: write a plain one",
    "\u00b2\u00b3": "a power is written '**'",
}
_ALIKE = {character: instead for characters, instead in _LOOK_ALIKES.items() for character in characters}


def read(text: str, limit: int = MAX_CHARACTERS) -> ast.expr:
    """Return the tree of the text.

    Raises:
        ExpressionError: the text is too long, has a character that no expression needs, or is no expression.
    """
    if len(text) > limit:
        raise too_long(text, limit)
    line = re.sub(r"[\t\r\n]", " ", text)  # a folded line; of the same length, so that offsets stay true
    # no comments, escapes, continuations or look-alike letters: the text is what it looks like
    if strange := re.search(r"[^ -~]|[#\\]", line):
        help = _ALIKE.get(strange[0], "an expression is written with letters, digits and Python's operators")
        raise ExpressionError(f"unexpected character {strange[0]!a}", strange.start(), 1, help, SYNTAX)
    if not line.strip():
        raise ExpressionError("the expression is empty", 0, len(text), "write a value, or remove the argument", SYNTAX)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as for '1or 2'
            return ast.parse(line.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as cause:
        raise _unreadable(line, cause) from None


def _unreadable(line: str, cause: Exception) -> ExpressionError:
    column = (getattr(cause, "offset", None) or 1) - 1
    offset = min(indent(line) + column, len(line.rstrip()) - 1)
    return ExpressionError("this is not an expression", offset, 1, _instead(line), SYNTAX)


def _instead(line: str) -> str:
    """Return the help line for a text that is no expression."""
    if re.fullmatch(r" *\d+(x\d+)+ *", line):
        return f"a size per axis is a list: [{', '.join(line.strip().split('x'))}]"
    if line.count("'") % 2 or line.count('"') % 2:
        return "a quote is never closed"
    for opening, closing in _BRACKETS.items():
        if line.count(opening) != line.count(closing):
            return f"each '{opening}' needs its '{closing}'"
    found = [word for word in re.findall(r"[A-Z]+", line) if word in _WORDS]
    instead = next((instead for mark, instead in HABITS.items() if mark in line), _WORDS[found[0]] if found else "")
    if not instead and re.search(r"!(?!=)", line):
        return "write 'not'"
    if not instead and re.match(r" *[A-Za-z_]\w* *=(?!=)", line):
        return "leave out the name: `let` names numbers, and `as` values; a comparison is written '=='"
    if not instead and re.search(r"(?<![=<>!])=(?!=)", line):
        return "a comparison is written '=='"
    if not instead and re.search(r"\bif\b.*\bthen\b", line):
        return "write 'a if condition else b'"
    if re.fullmatch(r" *\d+(\.\d+)?% *", line):
        return f"a share is a fraction: {float(line.strip(' %')) / 100}"
    if not instead and (word := next(filter(_is_no_name, re.findall(r"[A-Za-z_]\w*", line)), None)):
        return f"'{word}' means something in Python: what is called so needs another name to be read here"
    return instead or "arithmetic is written as in Python"


def _is_no_name(word: str) -> bool:
    """Return whether a word is one of Python's that no expression has."""
    return keyword.iskeyword(word) and word not in ("and", "or", "not", "in", "is", "if", "else")


def indent(text: str) -> int:
    """Return the number of leading blanks, from which the columns of the tree count."""
    return len(text) - len(text.lstrip())
