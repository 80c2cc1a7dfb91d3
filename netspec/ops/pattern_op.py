"""What ops share whose axes have names: a pattern, which is read when the op is made."""

from typing import Annotated, Self

from pydantic import Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from netspec.ops.base import Op
from netspec.syntax.pattern import Pattern, PatternError


class PatternOp(Op):
    """An op that says by a pattern what its axes are; an error about a value is marked within the pattern."""

    verbatim = frozenset({"pattern"})

    pattern: Annotated[str, Strict()] = Field(description="The axes as they enter, an arrow, and as they leave.")

    @classmethod
    def read(cls, text: str) -> Pattern:
        """Return the pattern of a text; raise PatternError for one that this op does not take."""
        raise NotImplementedError

    def check(self, pattern: Pattern) -> None:
        """Raise PatternError where the op's other arguments do not fit its pattern."""

    @model_validator(mode="after")
    def _check_pattern(self) -> Self:
        try:
            self.check(self.read(self.pattern))
        except PatternError as error:
            raise PydanticCustomError("netspec", "{message}", {"message": error.message}) from None
        return self
