"""The codes of diagnostics: each has a severity, and a page that ``netspec explain`` prints."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning"]

PAGES = Path(__file__).parent / "pages"


class Code(StrEnum):
    """Every code, by the name of the error or warning. A code that was released never changes its meaning.

    Example:
        >>> Code.UNKNOWN_STEP, Code.UNKNOWN_STEP.severity
        (<Code.UNKNOWN_STEP: 'NS0301'>, 'error')
    """

    severity: Severity

    # A member is its code as text, and carries a severity that is not part of the value.
    def __new__(cls, value: str, severity: Severity = "error") -> Code:
        code = str.__new__(cls, value)
        code._value_ = value
        code.severity = severity
        return code

    @property
    def page(self) -> Path:
        """The Markdown file that explains the code; its first line is the headline."""
        return PAGES / f"{self.value}.md"

    # files
    UNREADABLE_FILE = "NS0001"
    NOT_A_REGULAR_FILE = "NS0002"
    FILE_OUTSIDE_PROJECT = "NS0003"
    CIRCULAR_REFERENCE = "NS0004"
    FOREIGN_FILE = "NS0005"
    UNWRITABLE_FILE = "NS0006"
    NOT_UTF8 = "NS0007"
    TORCH_NOT_INSTALLED = "NS0008"

    # YAML
    INVALID_YAML = "NS0101"
    DUPLICATE_KEY = "NS0102"
    FORBIDDEN_CHARACTER = "NS0103"
    FORBIDDEN_TAG = "NS0104"
    SECOND_DOCUMENT = "NS0105"
    ANCHOR_MISMATCH = "NS0106"
    RECURSIVE_ALIAS = "NS0107"
    INVALID_KEY = "NS0108"
    INVALID_NUMBER = "NS0109"
    INVALID_MERGE_KEY = "NS0110"
    EMPTY_DOCUMENT = "NS0111"
    TAG_MISMATCH = "NS0112"

    # the parts of a document
    NOT_A_DOCUMENT = "NS0201"
    UNKNOWN_DOCUMENT_KEY = "NS0202"
    MISSING_DOCUMENT_KEY = "NS0203"
    INVALID_DOCUMENT_VALUE = "NS0204"
    INVALID_ARGS = "NS0205"
    INVALID_VARIABLE_NAME = "NS0206"
    INVALID_DECLARATION = "NS0207"
    INVALID_LIBRARY_FILE = "NS0208"
    INVALID_BLOCK_NAME = "NS0209"
    UNKNOWN_BLOCK_KEY = "NS0210"
    MISSING_BLOCK_BODY = "NS0211"
    DUPLICATE_BLOCK = "NS0212"
    UNKNOWN_VARIANT = "NS0213"
    UNKNOWN_SETTING = "NS0214"
    INVALID_INPUT = "NS0215"
    INVALID_BLOCK_LABELS = "NS0216"

    # steps and their arguments
    UNKNOWN_STEP = "NS0301"
    NOT_A_STEP = "NS0302"
    AMBIGUOUS_STEP = "NS0303"
    UNEXPECTED_BODY = "NS0304"
    INVALID_STEP_KEY = "NS0305"
    UNKNOWN_ARGUMENT = "NS0306"
    MISSING_ARGUMENT = "NS0307"
    INVALID_OPERANDS = "NS0308"
    INVALID_ARGUMENT = "NS0309"
    INVALID_MODULE_NAME = "NS0310"
    DUPLICATE_MODULE_NAME = "NS0311"
    INVALID_CONDITION = "NS0312"
    UNKNOWN_LABEL = "NS0313"
    WRONG_VALUE_COUNT = "NS0314"
    NOT_CALLABLE = "NS0315"
    INVALID_INITIALIZER = "NS0316"
    UNEQUAL_LISTS = "NS0317"
    DUPLICATE_OUTPUT = "NS0318"
    EMPTY_NETWORK = "NS0319"
    UNKNOWN_OP = "NS0320"
    INVALID_LABEL = "NS0321"
    UNNAMED_ARGUMENT = "NS0322"
    MISPLACED_INIT = "NS0323"
    STEP_KEY_WITHOUT_EFFECT = "NS0324"
    INVALID_PATTERN = "NS0325"

    # expressions
    INVALID_EXPRESSION = "NS0401"
    UNKNOWN_NAME = "NS0402"
    FORBIDDEN_EXPRESSION = "NS0403"
    EVALUATION_FAILED = "NS0404"
    EXPRESSION_TOO_LARGE = "NS0405"

    # shapes
    SHAPE_MISMATCH = "NS0501"
    INVALID_WINDOW = "NS0502"
    INDIVISIBLE_CHANNELS = "NS0503"
    CONFLICTING_ARGUMENTS = "NS0504"
    DTYPE_MISMATCH = "NS0505"
    INVALID_SHARING = "NS0506"
    INVALID_SPLIT = "NS0507"
    NO_SHORTCUT = "NS0508"
    UNSUPPORTED_SHAPE = "NS0509"
    INVALID_AXIS = "NS0510"
    PATTERN_MISMATCH = "NS0511"

    # what a document promises
    UNEXPECTED_SHAPE = "NS0601"
    UNEXPECTED_TOTALS = "NS0602"

    # limits
    RECURSION_TOO_DEEP = "NS0701"
    NETWORK_TOO_LARGE = "NS0702"
    VALUE_TOO_LARGE = "NS0703"
    TOO_MANY_OPERANDS = "NS0704"
    TOO_MANY_ITEMS = "NS0705"
    TOO_MANY_DOCUMENTS = "NS0706"
    OUT_OF_MEMORY = "NS0707"
    PICTURE_TOO_LARGE = "NS0708"
    FILE_TOO_LARGE = "NS0711"
    TEXT_TOO_LONG = "NS0712"
    NESTED_TOO_DEEP = "NS0713"
    TOO_MANY_VALUES = "NS0714"
    TOO_MANY_ALIASES = "NS0715"
    ALIASES_TOO_LARGE = "NS0716"

    # what is allowed and hardly meant
    UNUSED_VALUE = "NS0801", "warning"
    UNUSED_INPUT = "NS0802", "warning"
    UNUSED_ARGUMENT = "NS0803", "warning"
    CONDITION_ALWAYS_TRUE = "NS0804", "warning"
    SUSPICIOUS_INPUT = "NS0805", "warning"
    WEIGHTS_PER_POSITION = "NS0807", "warning"
