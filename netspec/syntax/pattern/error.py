"""What can be wrong with a pattern."""

from __future__ import annotations

from netspec.diagnostics import NetspecError


class PatternError(NetspecError):
    """A pattern cannot be read; ``offset`` and ``length`` mark the wrong part of its text.

    Example:
        >>> from netspec.syntax.pattern import read
        >>> try:
        ...     read("c h w -> (h w c")
        ... except PatternError as error:
        ...     print(error, error.offset, error.length)
        this bracket is not closed 9 1
    """

    def __init__(self, message: str, offset: int = 0, length: int = 1, help: str = "") -> None:
        super().__init__(message)
        self.message, self.offset, self.length, self.help = message, offset, length, help
