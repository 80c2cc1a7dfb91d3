"""Documents drawn at random: every combinator, nested, with labels, shared modules, heads and several outputs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Step = Any
Draw = Any

ELEMENT_WISE = (
    "relu", "relu6", "elu", "leaky_relu", "sigmoid", "tanh", "hardswish", "silu", "mish", "hardsigmoid", "bn",
    "channel_affine", "prelu", {"dropout": 0.0}, {"alpha_dropout": 0.0}, {"scale": 0.5}, {"scale": 1},
    {"stochastic_depth": 1.0}, {"channel_shuffle": 2}, {"channel_shuffle": 1}, {"permute": [1, 3, 2]},
    {"maxpool": {"kernel": 3, "stride": 1, "padding": 1}}, {"maxpool": {"kernel": 1}},
    {"avgpool": {"kernel": 2, "stride": 1, "padding": "same_tf"}}, {"slice": {"start": 0}}, {"pad": 0},
    {"tanh": None, "when": "x.channels < 0", "else": "relu"},
    {"bn": None, "when": "x.channels < 0",
     "else": ["bn", {"let": {"same": "x.channels"}}, {"conv": {"out": "same", "kernel": 1}}]},
    {"reshape": "x.shape"}, {"gather": "range(x.channels)"}, {"gather": {"positions": "range(x.width)", "axis": 3}},
    {"roll": {"axes": ["width", "height"], "shift": [1, -2]}}, {"flip": ["height", 1]}, {"cumsum": "width"},
    {"mul": ["x", ["detach"]]}, {"roll": {"axes": 2, "shift": "x.height // 2"}},
    {"rearrange": "c h w -> c w h"}, {"rearrange": {"pattern": "(c g) ... -> (g c) ...", "g": 2}},
    "gained", "marked",
)  # fmt: skip
"""Steps that keep the shape of any square image with an even number of channels."""

BLOCKS = {
    "unit": {"args": {"width": "int"}, "body": [{"conv": {"out": "width", "kernel": 1}}, "bn", "relu"]},
    "chain": {
        "args": {"width": 4, "steps": 1},
        "body": [{"repeat": "steps", "body": [{"unit": {"width": "width"}}]}, {"residual": ["bn", "relu"]}],
    },
    "acted": {"args": {"act": "relu"}, "body": ["$act", {"conv": {"out": "x.channels", "kernel": 1}}, "$act"]},
    "gained": {
        "tensors": {
            "gain": {"shape": ["input.channels", 1, 1], "init": {"uniform": {"a": 0.5, "b": 1}}},
            "offset": {"shape": ["input.channels", 1, 1], "init": 0.1, "batch": True},
        },
        "body": [{"mul": ["x", "gain"]}, {"add": {"of": ["x", "offset"], "broadcast": True}}],
    },
    "marked": {
        "tensors": {
            "rows": {
                "axes": {"c": 1, "i": "input.height", "j": "input.width"},
                "value": "cos(i - j / 2) if j < i else 1",
            },
            "signs": {"axes": {"c": "input.channels", "i": 1, "j": 1}, "value": "1.0 - c % 2 * 2"},
            "corner": {"axes": {"c": 1, "i": "input.height", "j": "input.width"}, "value": "i * j > 2 or i == j"},
        },
        "body": [{"formula": "where(corner, x * rows, x) * signs"}],
    },
    "masked": {
        "tensors": {
            "weight": {"shape": ["input.channels", "input.channels", 3, 3], "init": {"normal": {"std": 0.2}}},
            "shift": {"shape": ["input.channels"], "init": 0.1},
            "scale": {"shape": [], "init": 0.5},
            "mask": {"axes": {"o": 1, "i": 1, "r": 3, "c": 3}, "value": "r * 3 + c < 5"},
        },
        "body": [
            {"reduce": {"mean": [2, 3, 4], "keep": True}, "from": "weight", "as": "mean"},
            {
                "conv": {"weight": "where(mask, weight - mean, 0)", "bias": "scale * shift", "padding": 1},
                "from": "input",
            },
            {"conv": {"out": "2 * x.channels", "kernel": 1, "bias": "concat(shift, zeros(x.channels))"}},
        ],
    },
    "crossed": {
        "inputs": ["left", "right"],
        "outputs": ["cut", "product"],
        "body": [{"mul": ["left", "right"], "as": "product"}, {"relu": None, "as": "cut"}],
    },
}


FORMULAS = (
    "x * sigmoid(other) + other / 2",
    "exp(-x ** 2) - tanh(x + 2 * other)",
    "where(x > other and other < 1, x, -0.5 * other)",
    "silu(max(x, other)) * x.height ** -0.5",
    "rsqrt(1 + x * x) if other.channels > 3 else x - softplus(other)",
)
"""Formulas of the current value and an earlier one."""


class Names:
    """Names and labels that a document uses once."""

    def __init__(self) -> None:
        self.count = 0

    def new(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"


def conv(out: Any, kernel: int = 3) -> Step:
    return {"conv": {"out": out, "kernel": kernel, "padding": kernel // 2}}


@st.composite
def documents(draw: Draw) -> dict[str, Any]:
    """Return the content of a document."""
    names = Names()
    network: list[Step] = []
    for _ in range(draw(st.integers(1, 3))):
        network += bodies(draw, names, depth=2, top=True)
        network.append(draw(st.sampled_from([{"maxpool": {"kernel": 2, "padding": "same_tf"}}, conv(4), conv(6, 1)])))
    if draw(st.booleans()):
        # The gradient of a softmax that is sure of itself is nothing but rounding.
        network += ["global_avgpool", "flatten", {"linear": 3}, "log_softmax"]
    return {"input": [2, 6, 6], "blocks": BLOCKS, "network": network}


def bodies(draw: Draw, names: Names, depth: int, top: bool = False) -> list[Step]:
    """Return a few steps, of which none changes height or width; labels are used in the body that gives them."""
    steps: list[Step] = []
    labels: list[str] = []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(KINDS if depth else ("simple", "conv")))
        if kind == "head" and not top:
            continue
        added = STEPS[kind](draw, names, depth)
        if draw(st.integers(0, 3)) == 0:
            label = names.new("value")
            added[-1] = {**({added[-1]: None} if isinstance(added[-1], str) else added[-1]), "as": label}
            labels.append(label)
        steps += added
        if labels and draw(st.integers(0, 2)) == 0:
            steps += meetings(draw, draw(st.sampled_from(labels)))
    return steps


def meetings(draw: Draw, label: str) -> list[Step]:
    """Return steps in which the current value meets an earlier one."""
    match draw(st.integers(0, 6)):
        case 6:
            return [conv(f"{label}.channels", 1), {"einsum": {"pattern": "c h k, c k w -> c h w", "of": ["x", label]}}]
        case 5:
            return [conv(f"{label}.channels", 1), {"formula": draw(st.sampled_from(FORMULAS)).replace("other", label)}]
        case 0:
            return [{"concat": ["x", label]}]
        case 1:
            return [conv(f"{label}.channels", 1), {"add": ["x", label]}]
        case 2:
            return [{"sub": [label, [{"from": label, "sigmoid": None}]]}]
        case 3:
            return [{"relu": None, "from": label}, {"mul": ["x", label]}]
    return [{"crossed": None, "from": [label, label], "as": ["x1", "x2"]}, {"max": ["x1", "x2"]}]


def simple(draw: Draw, names: Names, depth: int) -> list[Step]:
    return [draw(st.sampled_from(ELEMENT_WISE))]


def convolution(draw: Draw, names: Names, depth: int) -> list[Step]:
    step = conv(draw(st.sampled_from([2, 4, 6, "x.channels"])), draw(st.sampled_from([1, 3])))
    return [{**step, "name": names.new("named")}] if draw(st.booleans()) else [step]


def residual(draw: Draw, names: Names, depth: int) -> list[Step]:
    shortcut = draw(st.sampled_from(["auto", "project", "body"]))
    body = bodies(draw, names, depth - 1)
    fields: dict[str, Any] = {"body": body, "after": draw(st.sampled_from(["relu", ["bn", "relu"]]))}
    if shortcut == "body":
        fields |= {"body": [*body, conv(4)], "shortcut": [conv(4, 1)]}
    else:
        fields["shortcut"] = shortcut
    if draw(st.booleans()):
        fields["scale"] = 0.5
    # Shortcuts with weights have a fixed name, so two of them need two modules around them.
    return [{"residual": fields, "name": names.new("named")}]


def dense(draw: Draw, names: Names, depth: int) -> list[Step]:
    body = [*bodies(draw, names, depth - 1), conv(2)]
    if draw(st.booleans()):
        body = [{"unit": {"width": draw(st.sampled_from(["2 * index + 2", 2, "2 + 2 * (index % 2)"]))}}]
    if draw(st.booleans()):
        body = ["relu", conv(2), {"dropout": 0.0}]
        return [{"dense": {"layers": 2, "body": body}}]  # names inside would be taken twice
    return [{"dense": {"layers": draw(st.integers(1, 3)), "body": body}, "name": names.new("named")}]


def branches(draw: Draw, names: Names, depth: int) -> list[Step]:
    inner = [bodies(draw, names, depth - 1) for _ in range(draw(st.integers(2, 3)))]
    if draw(st.booleans()):
        inner = [[*body, conv(4, 1)] for body in inner]
        merge = draw(st.sampled_from(["add", "mean", "max", "concat", "mul"]))
    else:
        merge = "concat"
    if draw(st.booleans()):
        return [{merge: {names.new("branch"): body for body in inner}, **maybe_name(draw, names)}]
    return [{merge: inner}]


def gate(draw: Draw, names: Names, depth: int) -> list[Step]:
    pool = draw(st.sampled_from(["global_avgpool", {"reduce": {"var": ["height", "width"], "keep": True}}]))
    steps = [pool, conv("x.channels", 1), "sigmoid"]
    return [{"mul": {"x": "x", names.new("gate"): steps}}]


def grouped(draw: Draw, names: Names, depth: int) -> list[Step]:
    body = bodies(draw, names, depth - 1)
    match draw(st.integers(0, 2)):
        case 0:
            return [{"sequential": body, **maybe_name(draw, names)}]
        case 1:
            # Names inside would be taken twice, were the repetition not a list of modules.
            return [{"repeat": 2, "body": [*body, "relu"], "name": names.new("list")}]
    return [{"foreach": {"width": [2, 4]}, "body": [conv("width"), *body], "name": names.new("list")}]


def block(draw: Draw, names: Names, depth: int) -> list[Step]:
    call: Step = draw(
        st.sampled_from(
            [
                {"unit": {"width": 4}},
                {"unit": {"width": "x.channels"}},
                {"chain": {"steps": 2}},
                {"chain": {"width": 6}},
                {"acted": None},
                {"acted": {"act": "tanh"}},
                {"acted": {"act": "bn"}},
                {"masked": None},
                {"unit": {"width": 4}, "train": False},
            ]
        )
    )
    return [{**call, **maybe_name(draw, names)}]


def shared(draw: Draw, names: Names, depth: int) -> list[Step]:
    key = names.new("key")
    step = draw(
        st.sampled_from(
            [{"relu": None}, {"prelu": None}, conv(4), {"acted": None}, {"unit": {"width": 4}}, {"bn": None}]
        )
    )
    between = draw(st.sampled_from([[], ["sigmoid"], [{"residual": ["tanh"]}]]))
    return [conv(4, 1), {**step, "share": key}, *between, {**step, "share": key}]


def head(draw: Draw, names: Names, depth: int) -> list[Step]:
    body = draw(st.sampled_from([[], ["relu"], ["global_avgpool", "flatten", {"linear": 2}], [{"unit": {"width": 2}}]]))
    name = names.new("head")
    return [{"output": {"name": name, "train_only": draw(st.booleans()), **({"body": body} if body else {})}}]


def split(draw: Draw, names: Names, depth: int) -> list[Step]:
    first, second = names.new("part"), names.new("part")
    return [
        {"split": {"sizes": [1, -1]}, "as": [first, second]},
        {"relu": None, "from": first},
        {"concat": ["x", second]},
    ]


def loops(draw: Draw, names: Names, depth: int) -> list[Step]:
    """Return a loop whose rounds are operands, or one whose rounds are collected and picked."""
    rounds = {"foreach": {"width act": [[2, "relu"], [4, "tanh"]]}, "body": [conv("width"), "$act"]}
    match draw(st.integers(0, 2)):
        case 0:
            return [{"concat": rounds, **maybe_name(draw, names)}]
        case 1:
            merge = draw(st.sampled_from(["add", "mean", "max"]))
            return [{merge: ["x", {"repeat": 2, "body": ["bn", conv("x.channels")]}], **maybe_name(draw, names)}]
    levels, level = names.new("levels"), names.new("level")
    return [
        {**rounds, "collect": levels},
        {"foreach": {level: f"[{levels}[-1], {levels}[0]]"}, "body": [{"concat": ["x", level]}]},
        {"concat": [f"{levels}[1:]", "x"]},
    ]


def scan(draw: Draw, names: Names, depth: int) -> list[Step]:
    """Return steps that go over the channels of an image, each of which is a map, and give as many."""
    rows, state, past = names.new("rows"), names.new("state"), names.new("past")
    bodies: list[list[Step]] = [
        [{"formula": f"tanh({rows} - 0.5 * {state})"}],
        [{"formula": f"{rows} * {state}"}, {"linear": "x.features"}, "sigmoid"],
        [{"linear": "x.features", "from": rows}, {"sub": ["x", state], "as": state}, "relu"],
        [{"add": [rows, state]}, {"lerp": {"start": "x", "end": past, "weight": [{"linear": "x.features"}]}}],
    ]
    begin = draw(st.sampled_from([past, past, f"zeros({rows}.height, {rows}.width)"]))
    fields = {"over": rows, "carry": {state: begin}, "body": draw(st.sampled_from(bodies))}
    return [
        {"as": rows},
        {"reduce": {"mean": "channels"}, "as": past},
        {"scan": {**fields, "output": draw(st.sampled_from(["x", state]))}, "from": rows, **maybe_name(draw, names)},
    ]


def maybe_name(draw: Draw, names: Names) -> dict[str, str]:
    return {"name": names.new("named")} if draw(st.booleans()) else {}


STEPS = {
    "simple": simple,
    "conv": convolution,
    "residual": residual,
    "dense": dense,
    "branches": branches,
    "gate": gate,
    "grouped": grouped,
    "block": block,
    "shared": shared,
    "head": head,
    "split": split,
    "loops": loops,
    "scan": scan,
}
KINDS = ("simple", "simple", *STEPS)
