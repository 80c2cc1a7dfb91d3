"""The dtypes of values and of networks.

This imports nothing of netspec, so that the command line can list dtypes before anything else is loaded.
"""

from typing import Literal

Dtype = Literal["float", "bfloat16", "float16", "int64", "int32", "bool"]
"""The dtypes of values. ``float`` is the dtype that the network is built with; all others are fixed."""

FLOAT_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "float64": 8}
"""The dtypes that a network can be built with, and the bytes of an element."""

# torch stores a bool in a byte of its own.
_OTHER_BYTES = {"bfloat16": 2, "float16": 2, "int64": 8, "int32": 4, "bool": 1}


def element_bytes(dtype: Dtype, built: str = "float32") -> int:
    """Return the bytes of an element of a value in a network that is built with a dtype.

    Example:
        >>> element_bytes("float", "bfloat16"), element_bytes("int64", "bfloat16")
        (2, 8)
    """
    return FLOAT_BYTES[built] if dtype == "float" else _OTHER_BYTES[dtype]
