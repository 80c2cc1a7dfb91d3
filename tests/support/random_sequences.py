"""Documents on sequences, drawn at random from what language models and detectors are written with.

Steps keep the shape ``length x 8``, whose length stays open: attention, integers and what they select, constants,
formulas of sizes, patterns, loops over the tokens, and values of which an op gives several.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.support.random_documents import Names

Step = Any
FEATURES = 8

BLOCKS: dict[str, Any] = {
    "placed": {
        "tensors": {
            "wave": {"axes": {"t": "input.length", "i": FEATURES}, "value": "sin(t * 10 ** (-i / input.features))"},
            "near": {"axes": {"q": "input.length", "k": "input.length"}, "value": "0 <= q - k and q - k < 3"},
        },
        "body": [{"add": ["x", "wave"]}, {"attend": {"query": "x", "key": "x", "value": "x", "mask": "near"}}],
    },
    "distinct": {  # no two elements of a token are equal, so that their order is no accident
        "tensors": {"wave": {"axes": {"t": "input.length", "i": FEATURES}, "value": "sin(1 + 3 * t + i)"}},
        "body": ["rms_norm", {"add": ["x", "wave"]}],
    },
    "ranked": {
        "outputs": ["largest", "places"],
        "body": [{"topk": {"count": FEATURES, "axis": "features"}, "as": ["largest", "places"]}],
    },
    "started": {
        "tensors": {"first": {"shape": [1, FEATURES], "init": "ones", "batch": True}},
        "body": [{"concat": {"of": ["first", "x"], "axis": 1}}, {"slice": {"axis": 1, "stop": -1}}],
    },
    "headed": {
        "args": {"heads": 2, "causal": False},
        "body": [
            {"rearrange": {"pattern": "l (h d) -> h l d", "h": "heads"}, "as": "q"},
            {"attend": {"of": ["q", "q", "q"], "causal": "causal"}},
            {"rearrange": "h l d -> l (h d)"},
        ],
    },
}  # fmt: skip

PLAIN: tuple[Step, ...] = (
    "relu", "rms_norm", "softmax", "detach", "placed", "started", "headed",
    {"headed": {"heads": 4, "causal": True}},
    {"rms_norm": {"affine": False}}, {"rms_norm": 2},
    {"linear": FEATURES}, {"ln": 1},
    {"roll": {"axes": 1, "shift": "x.length // 2"}}, {"roll": {"axes": [1, 2], "shift": [-1, 3]}},
    {"flip": 1}, {"flip": [1, 2]}, {"cumsum": 1}, {"cumsum": "features"},
    {"formula": "x / x.length"}, {"formula": "where(x > 0, x, x.length ** -0.5 * x)"},
    {"formula": "clamp(x, -1, 1) * sqrt(x.length)"}, {"formula": "max(x, 0) if x.features > 3 else x"},
    {"gather": {"positions": "[7, 6, 5, 4, 3, 2, 1, 0]", "axis": 2}},
    {"rearrange": {"pattern": "l (a b) -> l (b a)", "a": 2}},
)  # fmt: skip


@st.composite
def sequences(draw: Any) -> dict[str, Any]:
    """Return the content of a document."""
    names = Names()
    network: list[Step] = [{"embedding": {"num": 20, "dim": FEATURES}}]
    for _ in range(draw(st.integers(1, 5))):
        network += draw(st.sampled_from(KINDS))(draw, names)
    tokens = {"shape": [draw(st.integers(5, 9))], "dtype": "int64", "high": 20}
    content = {"input": tokens, "blocks": BLOCKS, "network": network}
    if draw(st.booleans()):
        network.append({"distinct": None, "as": "last"})
        network.append({"topk": {"count": 2, "axis": 2}, "as": ["top", "place"]})
        content["outputs"] = list(draw(st.permutations(["last", "top", "place"])))
    return content


def plain(draw: Any, names: Names) -> list[Step]:
    return [draw(st.sampled_from(PLAIN))]


def residual(draw: Any, names: Names) -> list[Step]:
    return [{"residual": [draw(st.sampled_from(PLAIN)), *draw(st.sampled_from(KINDS))(draw, names)]}]


def meeting(draw: Any, names: Names) -> list[Step]:
    """Return steps in which values of several axes meet the sequence again."""
    label = names.new("value")
    steps: list[list[Step]] = [
        [{"reduce": {draw(st.sampled_from(["mean", "max", "sum", "norm", "var"])): 1}}, {"tile": "f -> l f"}],
        [{"einsum": {"pattern": "q f, k f -> q k", "of": ["x", label]}}, "softmax", {"matmul": ["x", label]}],
        [{"formula": f"x * {label} + {label}.length"}],
        [{"reduce": {"max": "features", "keep": True}}, {"mul": {"of": ["x", label], "broadcast": True}}],
    ]
    chosen = draw(st.sampled_from(steps))
    if chosen[-1] == {"tile": "f -> l f"}:
        chosen = [chosen[0], {"tile": {"pattern": "f -> l f", "l": f"{label}.length"}}, {"add": ["x", label]}]
    return [{"as": label}, *chosen]


def integers(draw: Any, names: Names) -> list[Step]:
    """Return steps over integers that are computed, and what they choose."""
    whole, index = names.new("whole"), names.new("index")
    bodies: list[list[Step]] = [
        [{"argmax": 2}, {"one_hot": FEATURES}],
        [{"argmax": 2}, {"embedding": {"num": FEATURES, "dim": FEATURES}}],
        [{"topk": {"count": 3, "axis": 2}, "as": ["high", index]}, {"one_hot": FEATURES, "from": index},
         {"reduce": {"sum": 2}}],
        [{"ranked": None, "as": ["high", index]}, {"one_hot": FEATURES, "from": index}, {"reduce": {"mean": 2}},
         {"mul": ["x", "high"]}],
        [{"argmax": 1, "as": index}, {"gather": {"of": [whole, index], "axis": 1}}, {"reduce": {"mean": 1}},
         {"tile": {"pattern": "f -> l f", "l": f"{whole}.length"}}, {"add": ["x", whole]}],
    ]  # fmt: skip
    steps = draw(st.sampled_from(bodies))
    return [{"sequential": ["distinct", {"as": whole}, *steps], "name": names.new("named")}]


def loop(draw: Any, names: Names) -> list[Step]:
    """Return a loop over the tokens: of one or two sequences, with one or two states."""
    tokens, state, other, second = (names.new(each) for each in ("tokens", "state", "other", "second"))
    bodies: list[list[Step]] = [
        [{"formula": f"tanh({tokens} - 0.5 * {state})"}],
        [{"linear": FEATURES, "from": tokens}, {"sub": ["x", state], "as": state}, "relu"],
        [{"concat": [tokens, state]}, {"linear": FEATURES}, "tanh"],
        [{"mul": [tokens, state]}, {"cumsum": 1}, {"roll": {"axes": 1, "shift": 2}}, "tanh"],
    ]
    body = draw(st.sampled_from(bodies))
    start = names.new("start")
    fields: dict[str, Any] = {"over": tokens, "carry": {state: start}, "body": body, "output": "x"}
    entering: Any = tokens
    if draw(st.booleans()):
        fields |= {"over": {tokens: tokens, other: second}, "body": [*body, {"add": ["x", other]}]}
        entering = tokens
    before = [{"as": tokens}, {"reduce": {"mean": 1}, "as": start}, {"flip": 1, "from": tokens, "as": second}]
    return [*before, {"scan": fields, "from": entering}]


KINDS = (plain, plain, meeting, integers, loop)
