"""The types of a network's numbers.

Nothing is imported here, so that the command line can name them before anything else is loaded.
"""

FLOAT_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "float64": 8}
"""The types that a network can be built with, and how many bytes a number of each takes."""

INTEGER_BYTES = 8
"""How many bytes an integer that enters a network takes: torch's embeddings read int64."""
