"""Attention with what torch's function alone does not do: several masks, or one beside a causal one."""

import torch
from torch import nn
from torch.nn import functional as F


class Attend(nn.Module):
    """Returns scaled dot-product attention with a causal mask and the masks that are given."""

    def __init__(
        self,
        causal: bool = False,
        masks: tuple[str, ...] = (),
        dropout: float = 0.0,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> None:
        super().__init__()
        self.causal, self.masks, self.dropout = causal, masks, dropout
        self.scale, self.enable_gqa = scale, enable_gqa

    def forward(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, *masks: torch.Tensor
    ) -> torch.Tensor:
        # torch takes a single mask, and none beside `is_causal`.
        joint = None
        if self.causal and masks:
            joint = query.new_ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
        for name, mask in zip(self.masks, masks, strict=True):
            if joint is None:
                joint = mask
            else:
                joint = joint & mask if name == "mask" else mask.masked_fill(~joint, -torch.inf)
        return F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=joint,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal and joint is None,
            scale=self.scale,
            enable_gqa=self.enable_gqa,
        )

    def extra_repr(self) -> str:
        return f"causal={self.causal}, masks={self.masks}, dropout={self.dropout}"
