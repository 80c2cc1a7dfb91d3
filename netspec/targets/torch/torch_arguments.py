"""What the arguments of torch's layers mean: which count channels, and what documents call them."""

from __future__ import annotations

INTO = frozenset({"in_channels", "num_features", "in_features", "num_channels", "channels", "normalized_shape"})
"""The arguments that count the channels of the operand."""

CHANNELS = INTO | {"out_channels", "out_features", "groups", "num_groups"}
"""The arguments that are numbers of channels, which a reader wants to see even where most are the same."""

COUNTS = CHANNELS | {"start", "stop"}
"""The arguments that count channels: these may follow from one another by arithmetic."""

WINDOW = frozenset({"kernel_size", "stride", "padding", "dilation", "output_padding"})

MEANINGS = WINDOW | {"kernel", "groups"}
"""Names that mean one thing, so that no other argument follows from what is called so."""

FIELDS = {
    "ceil_mode": "ceil",
    "embedding_dim": "dim",
    "hidden_size": "hidden",
    "kernel_size": "kernel",
    "negative_slope": "slope",
    "norm_type": "norm",
    "num_embeddings": "num",
    "num_groups": "groups",
    "num_heads": "heads",
    "num_layers": "layers",
    "out_channels": "out",
    "out_features": "out",
    "output_size": "out",
    "scale_factor": "scale",
    "upscale_factor": "factor",
}
"""What documents call the arguments that they do not call by torch's own name."""
