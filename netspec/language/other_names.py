"""Names of ops and arguments in other libraries: torch, Keras, timm, einops, Ultralytics, Caffe and the papers.

An entry is the name in netspec, several of which the first that exists is used, or a sentence if there is no such name.
Steps are looked up without capitals, underscores, module prefix and number of dimensions: ``nn.BatchNorm2d`` is
``batchnorm``. Only names for which the nearest spelling is wrong or missing need an entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from netspec.diagnostics import nearest

_NO_MODULE = "netspec has none: write its steps as a block, under `blocks:`"
_NO_STEP = "leave the step out; a branch that does nothing is the operand `x`"
_INFERRED = "leave it out: it is inferred from the input"
OWN_STEP = "make it a step of its own, as in `- relu`"
_INITIALIZER = "write `init` as a key of the step, as in `init: {weight: kaiming_normal}`"
TRAINING = "leave it out: it belongs to training, not to the network"
_LAYOUT = "leave it out: the channels come first"

_FORMULA = "as in `formula: {}`"
_TENSOR = "declare it under `tensors:`, as in `tensors: {token: {shape: [1, 64], init: zeros}}`"

STEPS: dict[str, str] = {
    **{name: _FORMULA.format(f"{name}(x)") for name in ("abs", "cos", "exp", "log", "rsqrt", "sin", "sqrt")},
    **dict.fromkeys(("clamp", "clip"), _FORMULA.format("clamp(x, -1, 1)")),
    **dict.fromkeys(("expression", "lambda", "where"), _FORMULA.format("where(x > 0, x, 0)")),
    **dict.fromkeys(("parameter", "classtoken", "posembed", "positionembedding", "layerscale"), _TENSOR),
    "activation": "name the function itself, as in `- relu`",
    "addition": "add",
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "avgpooling": "avgpool",
    "batchmatmul": "matmul",
    "batchnorm": "bn",
    "batchnormalization": "bn",
    "bilstm": "as in `lstm: {hidden: 64, bidirectional: true}`",
    "block": "sequential",
    "bmm": "matmul",
    "branch": "a merge takes branches, as in `concat: [[relu], [tanh]]`",
    "branches": "a merge takes branches, as in `concat: [[relu], [tanh]]`",
    "c3": "c2f",
    "cat": "concat",
    "chunk": "split",
    "concatenate": "concat",
    "concatenation": "concat",
    "constantpad": "pad",
    "convbnact": "conv_bn_relu",
    "convbnsilu": "as in `conv_bn_relu: {out: 64, act: silu}`",
    "convmodule": "conv_bn_relu",
    "convnormact": "conv_bn_relu",
    "convolution": "conv",
    "crop": "slice",
    "crossattention": "as in `attention: {heads: 4, memory: input}`",
    "cropping": "slice",
    "deconv": "conv_transpose",
    "deconvolution": "conv_transpose",
    "dense": "linear",
    "denseblock": "dense",
    "depthtospace": "pixel_shuffle",
    "depthwise": "as in `conv: {out: x.channels, kernel: 3, groups: x.channels}`",
    "depthwiseconv": "as in `conv: {out: x.channels, kernel: 3, groups: x.channels}`",
    "detect": _NO_MODULE,
    "div": "as in `formula: x / 2`",
    "dot": "matmul",
    "droppath": "as in `stochastic_depth: {survival: 0.9, mode: row, rescale: true}`, 0.9 being the share that stays",
    "dwconv": "as in `conv: {out: x.channels, kernel: 3, groups: x.channels}`",
    "embed": "embedding",
    "patchembed": "patch_embedding",
    "expanddims": "reshape",
    "fc": "linear",
    "featuredropout": "dropout2d",
    "for": "foreach",
    "fpn": "feature_pyramid",
    "fullyconnected": "linear",
    "gap": "global_avgpool",
    "globalaveragepool": "global_avgpool",
    "globalaveragepooling": "global_avgpool",
    "globalavgpooling": "global_avgpool",
    "globalmaxpooling": "global_maxpool",
    "gmp": "global_maxpool",
    "groupnorm": "gn",
    "groupnormalization": "gn",
    "hadamard": "mul",
    "head": "output",
    "hsigmoid": "hardsigmoid",
    "hswish": "hardswish",
    "identity": _NO_STEP,
    "if": "write `when` as a key of the step",
    "include": "use",
    "innerproduct": "linear",
    "input": "the input is declared at the top of the document, as in `input: [3, 224, 224]`",
    "inputlayer": "the input is declared at the top of the document, as in `input: [3, 224, 224]`",
    "instancenorm": "in",
    "instancenormalization": "in",
    "interpolate": "upsample",
    "lambda": "the steps are ops; one of your own comes with `--plugin`",
    "layer": "name the op itself, as in `- relu`",
    "layernorm": "ln",
    "layernormalization": "ln",
    "layerscale": "as in `channel_affine: {bias: false}`",
    "lazylinear": "linear",
    "localresponsenorm": "lrn",
    "localresponsenormalization": "lrn",
    "lookup": "embedding",
    "loop": "repeat",
    "lrelu": "leaky_relu",
    "maximum": "max",
    "maxpooling": "maxpool",
    "mha": "attention",
    "minus": "sub",
    "mm": "matmul",
    "module": "sequential",
    "modulelist": "repeat",
    "movedim": "permute",
    "multiheadattention": "attention",
    "multiply": "mul",
    "narrow": "slice",
    "none": _NO_STEP,
    "noop": _NO_STEP,
    "op": "name the op itself, as in `- relu`",
    "null": _NO_STEP,
    "padding": "pad",
    "parallel": "a merge takes branches, as in `concat: [[relu], [tanh]]`",
    "plus": "add",
    "pointwise": "as in `conv: {out: 64, kernel: 1}`",
    "pool": "maxpool",
    "argmin": "as in `formula: -x` and `argmax`, one step after the other",
    "indexselect": "gather",
    "takealongdim": "gather",
    "take": "gather",
    "index": "gather",
    "im2col": "unfold",
    "spacetodepth": "pixel_unshuffle",
    "focus": "pixel_unshuffle",
    "deeplabhead": "aspp",
    "fcnhead": "fcn_head",
    "stopgradient": "detach",
    **dict.fromkeys(
        ("spectralnorm", "spectralnormalization", "weightnorm", "weightnormalization"),
        "as in `conv: {out: 64, kernel: 3, parametrize: spectral_norm}`",
    ),
    **dict.fromkeys(("randn", "randnlike", "normal", "gaussian", "gaussiannoise", "sampling"), "noise"),
    "reverse": "flip",
    "shift": "roll",
    "cyclicshift": "roll",
    "onehotencoding": "one_hot",
    "cumulativesum": "cumsum",
    "reorg": "pixel_unshuffle",
    "product": "mul",
    **{
        name: f"as in `reduce: {{{name.removeprefix('reduce').replace('std', 'var')}: [height, width]}}`"
        for name in ("min", "norm", "std", "var", "reducemax", "reducemean", "reducemin", "reducesum")
    },
    **{f"a{name}": f"as in `reduce: {{{name}: [height, width]}}`" for name in ("max", "min")},
    "reflectionpad": "as in `pad: {sides: 1, mode: reflect}`",
    "replicationpad": "as in `pad: {sides: 1, mode: replicate}`",
    "resblock": "residual",
    "residualblock": "residual",
    "resize": "upsample",
    "resizing": "upsample",
    "scaleddotproductattention": "attend",
    "sdpa": "attend",
    "t5layernorm": "rms_norm",
    "llamarmsnorm": "rms_norm",
    "selayer": "se",
    "selfattention": "attention",
    "semodule": "se",
    "seblock": "se",
    "shuffle": "channel_shuffle",
    "simplernn": "rnn",
    "skip": "residual",
    "skipconnection": "residual",
    "spatialdropout": "dropout2d",
    "spp": "spatial_pyramid",
    "squeeze": "reshape",
    "squeezeandexcitation": "se",
    "squeezeexcitation": "se",
    "squeezeexcite": "se",
    "stack": "concat",
    "subtract": "sub",
    "sum": "add",
    "swapaxes": "permute",
    "swish": "silu",
    "syncbatchnorm": "bn",
    **dict.fromkeys(("transformer", "transformerblock", "transformerencoderlayer"), "transformer_layer"),
    "transformerdecoderlayer": "as in `transformer_layer: {heads: 4, hidden: 32, memory: input}`",
    "transpose": "permute",
    "transposedconv": "conv_transpose",
    "type": "name the op itself, as in `- relu`",
    "unbind": "split",
    "unflatten": "reshape",
    "unsqueeze": "reshape",
    "upconv": "conv_transpose",
    "upsampling": "upsample",
    "view": "reshape",
    "zeropad": "pad",
    "zeropadding": "pad",
}

ARGUMENTS: dict[str, str | tuple[str, ...]] = {
    "act": OWN_STEP,
    "act_layer": OWN_STEP,
    "activation": OWN_STEP,
    "batch_first": "leave it out: the batch comes first",
    "bias_initializer": _INITIALIZER,
    "ceil_mode": ("ceil",),
    "channels": ("out", "positions"),
    "data_format": _LAYOUT,
    "depth": ("layers", "times"),
    "device": "write `device` as a key of the step",
    "dilation_rate": ("dilation",),
    "dilations": ("dilation",),
    "dim": ("axis", "axes"),
    "dims": ("axes", "axis"),
    "drop": ("p",),
    "drop_prob": "what is given is the share that stays, as in `stochastic_depth: 0.9`",
    "drop_rate": ("p", "dropout"),
    "dropout_rate": ("p", "dropout"),
    "dtype": "leave it out: `netspec build --dtype` sets it",
    "equation": ("pattern",),
    "expr": ("expression",),
    "elementwise_affine": ("affine",),
    "embed_dim": _INFERRED,
    "embedding_dim": ("dim",),
    "epsilon": ("eps",),
    "features_only": ("taps",),
    "filters": ("out",),
    "formula": ("expression",),
    "group": ("groups",),
    "hidden_dim": ("hidden",),
    "hidden_size": ("hidden",),
    "in_channels": _INFERRED,
    "in_features": _INFERRED,
    "in_planes": _INFERRED,
    "index": ("positions",),
    "indices": ("positions",),
    "inplace": "leave it out: netspec computes in place where that is safe",
    "inplanes": _INFERRED,
    "input_dim": ("num", _INFERRED),
    "input_shape": _INFERRED,
    "input_size": _INFERRED,
    "interpolation": ("mode",),
    "keep_prob": ("survival", "give the share that is dropped, as in `dropout: 0.5`"),
    "kernel_initializer": _INITIALIZER,
    "kernel_regularizer": TRAINING,
    "kernel_shape": ("kernel",),
    "kernel_size": ("kernel",),
    "k": ("count",),
    "ksize": ("kernel",),
    "n": ("times", "layers"),
    "negative_slope": ("slope",),
    "norm": OWN_STEP,
    "norm_layer": OWN_STEP,
    "normalized_shape": ("axes",),
    "num_channels": _INFERRED,
    "num_classes": ("classes", "out"),
    "num_embeddings": ("num",),
    "num_features": _INFERRED,
    "num_filters": ("out",),
    "num_groups": ("groups",),
    "num_heads": ("heads",),
    "num_layers": ("layers",),
    "num_output": ("out",),
    "num_parameters": ("channels",),
    "out_channels": ("out",),
    "out_dim": ("out",),
    "out_features": ("out",),
    "out_indices": ("taps",),
    "out_planes": ("out",),
    "output_dim": ("dim", "out"),
    "output_size": ("out", "size"),
    "outputs": ("out",),
    "pad": ("padding", "sides"),
    "planes": ("out",),
    "pool_size": ("kernel",),
    "prob": ("p",),
    "pretrained": "leave it out: weights are loaded into the module that is built",
    "rate": ("p", "dilation"),
    "repeats": ("times",),
    "return_nodes": ("taps",),
    "return_sequences": ("output",),
    "scale_factor": ("scale",),
    "shifts": ("shift",),
    "size": ("kernel", "out"),
    "split_size": ("sizes",),
    "split_sizes": ("sizes",),
    "steps": ("body",),
    "strides": ("stride",),
    "subscripts": ("pattern",),
    "target_shape": ("shape",),
    "track_running_stats": TRAINING,
    "units": ("out", "hidden"),
    "downscale_factor": ("factor",),
    "upscale_factor": ("factor",),
    "use_bias": ("bias",),
    "vocab_size": ("num",),
    "weight_init": _INITIALIZER,
    "weights": _INITIALIZER,
}


def suggest_step(word: str, known: Iterable[str]) -> str:
    """Return a suggestion for the unknown word of a step, or an empty string.

    Example:
        >>> suggest_step("BatchNorm2d", ["bn", "conv"]), suggest_step("cnov", ["bn", "conv"])
        ("did you mean 'bn'?", "did you mean 'conv'?")
    """
    names = list(known)
    plain = _plain(word)
    if plain in STEPS:
        return as_suggestion(STEPS[plain])
    if call := re.match(r"([\w.]+) *[(#/]", word):
        return suggest_step(call[1], names) or f"arguments stand below the word, as in `{call[1]}: {{out: 4}}`"
    spelled = {_plain(name): name for name in names}
    return as_suggestion(spelled[plain]) if plain in spelled else nearest(word, names)


def suggest_argument(word: str, known: Iterable[str]) -> str:
    """Return a suggestion for an unknown argument of a step, or an empty string.

    Example:
        >>> suggest_argument("out_channels", ["out", "kernel"]), suggest_argument("in_channels", ["out", "kernel"])
        ("did you mean 'out'?", 'leave it out: it is inferred from the input')
    """
    names = list(known)
    meanings = ARGUMENTS.get(word.lower(), ())
    for meaning in (meanings,) if isinstance(meanings, str) else meanings:
        if meaning in names or not meaning.isidentifier():
            return as_suggestion(meaning)
    return nearest(word, names)


def _plain(word: str) -> str:
    return re.sub(r"(?<=[a-z])[123]d$", "", word.rpartition(".")[2].replace("_", "").lower())


def as_suggestion(meaning: str) -> str:
    """Return an entry of a table as a help line: a name as a question, a sentence unchanged."""
    return f"did you mean '{meaning}'?" if meaning.isidentifier() else meaning
