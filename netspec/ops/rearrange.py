"""Axes in another order, taken apart and joined."""

from itertools import count

from netspec.ops.base import Op, Sample
from netspec.ops.patterned import Patterned
from netspec.ops.reshaping import Permute, Reshape
from netspec.ops.traits import Layout
from netspec.sizes import stated
from netspec.sizes.shape import Shape


class Rearrange(Patterned, name="rearrange"):
    """Takes axes apart, joins them and puts them into another order, as a pattern says.

    Names in brackets are one axis, of which the last runs fastest; `1` is an axis of size 1, and `...` stands for any
    number of axes. The batch is no part of the pattern. A name has the size that is given as an argument, or that of
    an argument of the block or document with this name; other sizes follow.

    Formula: ``y[h * W + w, (c * P + p) * Q + q] = x[c, h * P + p, w * Q + q]`` for the example below.

    Shape: the axes left of the arrow to those right of it; a name in brackets has the size that remains.

    Cost: no parameters, no MACs.

    Raises: ShapeError when the axes are not as many as in the pattern, or a size does not fit.

    Example: ``- rearrange: {pattern: "c (h p) (w q) -> (h w) (c p q)", p: 4, q: 4}``

    Source: torch.Tensor.unflatten, permute and flatten; Rogozhnikov 2022, einops.
    """

    primary = "pattern"
    samples = (
        Sample({"pattern": "c (h p) (w q) -> (h w) (c p q)", "p": 2, "q": 3}, ((4, 6, 9),)),
        Sample({"pattern": "(h w) (c p q) -> c (h p) (w q)", "h": 2, "p": 2, "q": 3}, ((6, 24),)),
        Sample({"pattern": "c h w -> (h w) c"}, ((4, 3, 5),)),
        Sample({"pattern": "(h w) c -> c h w", "h": 3}, ((15, 4),)),
        Sample({"pattern": "l (heads d) -> heads l d", "heads": 3}, ((5, 12),)),
        Sample({"pattern": "heads l d -> l (heads d)"}, ((3, 5, 4),)),
        Sample({"pattern": "l (n heads d) -> n heads l d", "n": 3, "heads": 2}, ((5, 24),)),
        Sample({"pattern": "... l 1 -> l ... 1 1"}, ((2, 3, 5, 1),)),
        Sample({"pattern": "... d -> (... d)"}, ((2, 3, 5),)),
    )
    invalid_samples = (
        Sample({"pattern": "c h w -> (h w) c"}, ((4, 3),)),
        Sample({"pattern": "c (h p) -> h c p", "p": 2}, ((4, 5),)),
        Sample({"pattern": "c l -> l c", "c": 3}, ((4, 5),)),
        Sample({"pattern": "c 1 -> c"}, ((4, 5),)),
        Sample({"pattern": "a ... b -> b ... a"}, ((4,),)),
    )

    def layout(self, *shapes: Shape) -> Layout:
        sizes = {name: stated(size) for name, size in self.fit(shapes[0]).items()}
        left, right = self.sides(len(shapes[0]))
        return Layout(tuple(left), tuple(right), sizes)

    def canonical(self, *shapes: Shape) -> Op:
        shape = shapes[0]
        left, right = self.sides(len(shape))
        result = self.infer_shape(shape)
        order = [name for group in left for name in group]
        if order == [name for group in right for name in group]:
            return Reshape(shape=result).canonical(shape)
        if all(len(group) == 1 for group in (*left, *right)):
            return Permute(axes=tuple(left.index(group) + 1 for group in right))
        sizes = self.fit(shape)
        short = {name: f"a{number}" for name, number in zip(order, count())}
        sides = (" ".join(_written(tuple(short[name] for name in group)) for group in side) for side in (left, right))
        # The first size of each axis follows from the others.
        needed = {short[name]: sizes[name] for group in left for name in group[1:]}
        return Rearrange(pattern=" -> ".join(sides), sizes=tuple(needed.items()))


def _written(group: tuple[str, ...]) -> str:
    return group[0] if len(group) == 1 else f"({' '.join(group)})" if group else "1"
