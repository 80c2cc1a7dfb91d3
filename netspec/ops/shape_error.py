"""What is wrong where an op cannot take its operands."""

from typing import Self

from netspec.diagnostics import Code, NetspecError


class ShapeError(NetspecError):
    """An op cannot take these operands: what is wrong, what would be right, and the number of the wrong operand.

    ``offset`` and ``length`` mark the part of the op's pattern that does not fit, if it has one.
    """

    offset = 0
    length = 0

    def __init__(
        self, message: str, help: str = "", operand: int | None = None, code: Code = Code.SHAPE_MISMATCH
    ) -> None:
        super().__init__(message)
        self.message, self.help, self.operand, self.code = message, help, operand, code

    def marking(self, offset: int, length: int) -> Self:
        """Return the error with the part of the pattern that it is about."""
        self.offset, self.length = offset, length
        return self
