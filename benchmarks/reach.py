"""How much of other libraries the language can say: ``make reach`` writes benchmarks/REACH.md.

Every architecture is exported with ``torch.export`` on the meta device, so that it takes no memory, and its operations
are looked up in ``WORDS``. A network counts as reached when the language has a word for each of them: a bound
from above, since whether a document can be written is shown only by writing it. What does not export is listed apart.

Each library shows its variety rather than its length: of timm and pytorchcv one network of each file, of transformers
one of each kind of model with few layers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "REACH.md"
LIBRARIES = ("torchvision", "timm", "pytorchcv", "transformers")
SECONDS = 240
"""An export that takes longer is given up; what it would have shown is not guessed."""

# Under each word of netspec, the operations of torch that it says, without overloads and trailing underscores. Words in
# capitals are no steps: SHAPE is what follows from shapes by itself, TENSOR what `tensors:` declares.
SAID: dict[str, str] = {
    "conv": "conv1d conv2d conv3d convolution _convolution",
    "conv_transpose": "conv_transpose1d conv_transpose2d conv_transpose3d",
    "linear": "linear",
    "einsum": "matmul bmm mm einsum addmm baddbmm dot mv",
    "attend": "scaled_dot_product_attention",
    "bn": "batch_norm _native_batch_norm_legit_no_training native_batch_norm",
    "ln": "layer_norm",
    "gn": "group_norm",
    "in": "instance_norm",
    "rms_norm": "rms_norm",
    "lrn": "local_response_norm",
    "embedding": "embedding embedding_bag",
    "relu": "relu",
    "relu6": "relu6",
    "silu": "silu",
    "gelu": "gelu",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "softmax": "softmax _softmax",
    "log_softmax": "log_softmax _log_softmax",
    "hardswish": "hardswish",
    "hardsigmoid": "hardsigmoid",
    "leaky_relu": "leaky_relu",
    "elu": "elu",
    "selu": "selu",
    "mish": "mish",
    "prelu": "prelu _prelu_kernel",
    "softplus": "softplus",
    "formula": (
        "hardtanh clamp clamp_min clamp_max exp exp2 expm1 log log1p log2 sqrt rsqrt sin cos abs neg negative pow "
        "square reciprocal maximum minimum where sign eq ne lt le gt ge logical_and logical_or logical_not "
        "bitwise_and bitwise_or bitwise_not addcmul addcdiv masked_fill fill rsub div divide true_divide floor "
        "floor_divide remainder log_sigmoid logsigmoid softsign celu sub subtract lerp isinf isnan isneginf "
        "nan_to_num threshold hardshrink softshrink xlogy logaddexp"
    ),
    "add": "add __add__ __iadd__",
    "mul": "mul multiply __mul__ __and__ __or__",
    "reduce": "mean sum amax amin max min norm linalg_vector_norm var std var_mean std_mean logsumexp",
    "avgpool": "avg_pool1d avg_pool2d avg_pool3d",
    "maxpool": "max_pool1d max_pool2d max_pool3d max_pool2d_with_indices",
    "adaptive_avgpool": "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d",
    "adaptive_maxpool": "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d",
    "dropout": "dropout feature_dropout native_dropout",
    "alpha_dropout": "alpha_dropout",
    "rearrange": (
        "view reshape _unsafe_view view_as reshape_as permute transpose t numpy_T movedim swapaxes unflatten squeeze "
        "unsqueeze swapdims mT adjoint"
    ),
    "flatten": "flatten",
    "tile": "repeat repeat_interleave tile",
    "concat": "cat concat concatenate stack hstack vstack",
    "split": "split split_with_sizes chunk unbind tensor_split",
    "slice": "slice select narrow diagonal",
    "pad": "pad constant_pad_nd reflection_pad1d reflection_pad2d replication_pad2d",
    "upsample": (
        "upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_bilinear2d upsample_linear1d "
        "upsample_bicubic2d upsample_trilinear3d"
    ),
    "pixel_shuffle": "pixel_shuffle",
    "pixel_unshuffle": "pixel_unshuffle",
    "channel_shuffle": "channel_shuffle native_channel_shuffle",
    "roll": "roll",
    "flip": "flip",
    "gather": "index index_select gather take_along_dim",
    "cumsum": "cumsum",
    "topk": "topk",
    "argmax": "argmax",
    "one_hot": "one_hot",
    "unfold": "unfold im2col",
    "lstm": "lstm gru",
    "TENSOR": (
        "arange zeros ones full empty scalar_tensor tensor eye linspace triu tril outer meshgrid lift_fresh_copy "
        "zeros_like ones_like full_like empty_like new_zeros new_ones new_full new_empty logspace bucketize"
    ),
    "SHAPE": (
        "expand expand_as contiguous clone to _to_copy type_as alias detach float double sym_size sym_numel getitem "
        "_assert_tensor_metadata _assert_async broadcast_to lift_fresh broadcast_tensors item _assert_scalar "
        "sym_constrain_range_for_size copy atleast_1d add_op _set_grad_enabled view_as_real_copy numel dim "
        "is_floating_point bool long half int"
    ),
}
WORDS = {operation: word for word, operations in SAID.items() for operation in operations.split()}
# Arithmetic on sizes, which Python's own operators do.
PYTHON = {"add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "eq", "ne", "lt", "le", "gt", "ge", "pow"}


@dataclass
class Exported:
    """What an export showed: the operations of a network by number of nodes, or why there are none."""

    library: str
    name: str
    operations: dict[str, int] = field(default_factory=dict)
    error: str = ""


def known_words() -> frozenset[str]:
    """Return every word that the language has: ops, combinators, and what is no step."""
    from netspec.language.combinators import COMBINATORS
    from netspec.ops import OPS

    return frozenset({*OPS, *COMBINATORS, "SHAPE", "TENSOR"})


def missing(operations: dict[str, int], words: frozenset[str]) -> list[str]:
    """Return the operations that the language has no word for."""
    return [name for name in operations if WORDS.get(name.removesuffix("_")) not in words]


def list_networks(library: str) -> list[str]:
    """Return the names of a library's networks that are counted."""
    if library == "torchvision":
        from torchvision.models import list_models

        return [name for name in list_models() if "quantized" not in name]
    if library == "timm":
        import timm

        return [timm.list_models(module=module)[0] for module in timm.list_modules() if timm.list_models(module=module)]
    if library == "pytorchcv":
        from pytorchcv.model_provider import _models

        first: dict[str, str] = {}
        for name, create in _models.items():
            first.setdefault(create.__module__, name)
        return list(first.values())
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES

    return list(MODEL_MAPPING_NAMES)


def create(library: str, name: str) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """Return a network on the meta device, with the operands of one call of it."""
    import torch

    with torch.device("meta"):
        if library == "torchvision":
            from torchvision.models import get_model

            clip = any(part in name for part in ("r3d", "mc3", "r2plus1d", "mvit", "swin3d", "s3d"))
            lists = any(part in name for part in ("rcnn", "retinanet", "fcos", "ssd"))
            images = torch.rand(1, 3, 16, 224, 224) if clip else torch.rand(2, 3, 224, 224)
            if "raft" in name:
                return get_model(name, weights=None), (torch.rand(1, 3, 128, 128), torch.rand(1, 3, 128, 128)), {}
            options = {"weights_backbone": None} if lists or ("_resnet" in name and "deeplab" in name) else {}
            return get_model(name, weights=None, **options), ([*images],) if lists else (images,), {}
        if library == "timm":
            import timm

            model = timm.create_model(name)
            return model, (torch.rand(2, *model.default_cfg["input_size"]),), {}
        if library == "pytorchcv":
            from pytorchcv.model_provider import get_model as get_pytorchcv

            model = get_pytorchcv(name, pretrained=False)
            side = getattr(model, "in_size", (224, 224))
            channels = getattr(model, "in_channels", 3)
            return model, (torch.rand(2, channels, *side),), {}
        return _create_transformer(name)


def _create_transformer(name: str) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    import torch
    from transformers import AutoConfig, AutoModel

    config = AutoConfig.for_model(name)
    # Layers are alike: two show what a hundred would.
    for count in ("num_hidden_layers", "num_layers", "n_layer", "encoder_layers", "decoder_layers", "n_layers"):
        if isinstance(getattr(config, count, None), int):
            try:
                setattr(config, count, 2)
            except (ValueError, NotImplementedError):
                continue
    config.use_cache = False
    model = AutoModel.from_config(config)
    tokens = torch.ones(2, 16, dtype=torch.int64)
    if getattr(model, "main_input_name", "input_ids") == "pixel_values":
        side = getattr(config, "image_size", 224) or 224
        sides = tuple(side) if isinstance(side, (list, tuple)) else (side, side)
        return model, (), {"pixel_values": torch.rand(2, getattr(config, "num_channels", 3), *sides)}
    if model.main_input_name == "input_values":
        return model, (), {"input_values": torch.rand(2, 16000)}
    if model.main_input_name == "input_features":
        mels = getattr(config, "num_mel_bins", 80)
        return model, (), {"input_features": torch.rand(2, mels, 3000), "decoder_input_ids": tokens}
    operands = {"input_ids": tokens}
    return model, (), operands | ({"decoder_input_ids": tokens} if config.is_encoder_decoder else {})


def export(library: str, name: str) -> Exported:
    """Return the operations of one network."""
    import torch

    try:
        model, operands, named = create(library, name)
        program = torch.export.export(model.eval(), operands, named, strict=False)
        # In-place operations become ordinary ones; composite ones, as `linear` is, stay whole.
        nodes = program.run_decompositions({}).graph.nodes
    except Exception as error:  # whatever a network of another library raises
        return Exported(library, name, error=f"{type(error).__name__}: {str(error).strip()[:160]}")
    found: Counter[str] = Counter()
    for node in nodes:
        if node.op == "call_function":
            found[operation(node.target)] += 1
    return Exported(library, name, dict(found))


def operation(target: Any) -> str:
    """Return the name of what a node calls, without its overload."""
    import torch

    if isinstance(target, torch._ops.OpOverload):
        name = target._schema.name.rpartition("::")[2]
        return name if target.namespace == "aten" else f"{target.namespace}.{name}"
    name = getattr(target, "__name__", str(target))
    return "sym_size" if name in PYTHON or name.startswith("sym_") else name


def export_all(library: str, jobs: int, most: int | None) -> Iterator[Exported]:
    """Export the networks of a library, each in a process of its own, and yield what they showed."""
    __import__(library)  # once, before the processes divide
    names = list_networks(library)[:most]
    with ThreadPoolExecutor(jobs) as pool:
        for number, result in enumerate(pool.map(lambda name: _export_apart(library, name), names), 1):
            print(f"\r{library} {number}/{len(names)} {result.name:40.40}", end="", file=sys.stderr, flush=True)
            yield result


def _export_apart(library: str, name: str) -> Exported:
    """Export in another process: one that crashes or hangs takes no other with it."""
    processes = get_context("fork")
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=lambda: sender.send(export(library, name)))
    process.start()
    sender.close()
    try:
        if not receiver.poll(SECONDS):
            return Exported(library, name, error=f"took longer than {SECONDS} s")
        result: Exported = receiver.recv()
        return result
    except EOFError:
        return Exported(library, name, error="the process ended without an answer")
    finally:
        process.kill()
        process.join()
        receiver.close()


def report(results: list[Exported], words: frozenset[str]) -> str:
    """Return the page: what is reached of each library, and what is missing most."""
    exported = [each for each in results if not each.error]
    lacking = {id(each): missing(each.operations, words) for each in exported}
    lines = ["# Reach", "", " ".join((__doc__ or "").split("\n\n")[1].split()), ""]
    lines += ["| library | networks | exported | reached | share |", "|---|---|---|---|---|"]
    for library in (*LIBRARIES, "all"):
        of = [each for each in results if library in (each.library, "all")]
        able = [each for each in of if not each.error]
        reached = sum(not lacking[id(each)] for each in able)
        if able:
            lines.append(f"| {library} | {len(of)} | {len(able)} | {reached} | {100 * reached / len(able):.0f} % |")
    needed = Counter(name for each in exported for name in lacking[id(each)])
    alone = Counter(lacking[id(each)][0] for each in exported if len(lacking[id(each)]) == 1)
    lines += [
        "",
        "## What is missing",
        "",
        "| operation | networks that need it | that need nothing else |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {count} | {alone[name]} |" for name, count in needed.most_common(40)]
    lines += ["", "## What does not export", "", "| network | torch says |", "|---|---|"]
    shown: Callable[[str], str] = lambda text: " ".join(text.replace("|", "/").split())  # noqa: E731
    lines += [f"| {each.library} {each.name} | {shown(each.error)} |" for each in results if each.error]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Export what was asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("libraries", nargs="*", default=list(LIBRARIES), help="the libraries (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="networks at once")
    parser.add_argument("--most", type=int, help="networks of each library, for a first look")
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "reach.json", help="what was exported so far")
    options = parser.parse_args()
    known: dict[str, Any] = json.loads(options.results.read_text()) if options.results.exists() else {}
    options.results.parent.mkdir(parents=True, exist_ok=True)
    wanted = [each for each in options.libraries if each not in known or options.most]
    for library in wanted:
        known[library] = [asdict(each) for each in export_all(library, options.jobs, options.most)]
        options.results.write_text(json.dumps(known))
    results = [Exported(**each) for rows in known.values() for each in rows]
    RESULTS.write_text(report(results, known_words()))
    print(f"\nwrote {RESULTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
