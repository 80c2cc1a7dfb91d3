"""A value repeated along new axes."""

from netspec.ops.base import Sample
from netspec.ops.patterned import Patterned


class Tile(Patterned, name="tile"):
    """Repeats a value along new axes, which may be joined with others, as a pattern says.

    Formula: ``y[k * G + g, l, d] = x[k, l, d]`` for the example below.

    Shape: the axes left of the arrow to those right of it; a name that is on the right alone has the size given.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the axes are not as many as in the pattern, or a size does not fit.

    Example: ``- tile: {pattern: "kv h w -> (kv g) h w", g: 4}``

    Source: torch.Tensor.expand and repeat_interleave; einops calls it repeat.
    """

    primary = "pattern"
    example = 'tile: {pattern: "c h w -> (c g) h w", g: 2}'
    new_names = True
    keeps_output = True  # along an axis that torch expands, all elements are the same place in memory
    samples = (
        Sample({"pattern": "kv l d -> (kv g) l d", "g": 3}, ((2, 5, 4),)),
        Sample({"pattern": "kv l d -> (g kv) l d", "g": 3}, ((2, 5, 4),)),
        Sample({"pattern": "c -> c h w", "h": 2, "w": 3}, ((4,),)),
        Sample({"pattern": "c h w -> c (h p) (w q)", "p": 2, "q": 3}, ((4, 3, 5),)),
        Sample({"pattern": "l d -> d n l", "n": 2}, ((3, 5),)),
    )
    invalid_samples = (
        Sample({"pattern": "c -> c l", "l": 3}, ((4, 3),)),
        Sample({"pattern": "c -> c l", "l": 3, "c": 5}, ((4,),)),
    )
