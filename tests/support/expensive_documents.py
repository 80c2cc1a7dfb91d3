"""Short documents whose cost grows with a product, and a command that is measured in a process of its own."""

# ruff: noqa: E501 (a document per line is easier to read)
from __future__ import annotations

import subprocess
import sys
import time


def network(body: str, extra: str = "", input: str = "[4, 8, 8]") -> str:
    return f"netspec: 1\n{extra}input: {input}\nnetwork:\n" + "".join(f"  {line}\n" for line in body.splitlines())


def listed(text: str, count: int) -> str:
    return ", ".join(text.format(index) for index in range(count))


DEEP = "{sequential: [" * 22 + "{b: {n: n - 1}, when: n > 0}" + "]}" * 22
GRID = f"tensors: {{{{t: {{{{axes: {{{{i: 64, j: 64}}}}, value: {' + '.join(['i*j'] * 30)}{{}}}}}}}}}}, body: [relu]"
EXPENSIVE = {
    "sums in a condition": (
        network(f"- repeat: 9000\n  body: [{{relu: , when: {' + '.join(['sum(range(99999))'] * 9)} < 0}}]"),
        "NS0705",
    ),
    "a list in a condition": (
        network("- repeat: 9000\n  body: [{relu: , when: len(n) < 0}]", "args: {n: range(99999)}\n"), "NS0705",
    ),
    "a list in a name": (network("- repeat: 9000\n  body: [{relu: , name: 'a{len(range(99999))}_{index}'}]"), "NS0705"),
    "a list in a pin": (network("- repeat: 9000\n  body: [{relu: , expect: 'range(99999)[:0] + x.shape'}]"), "NS0705"),
    "a list in defaults": (
        network(
            "- repeat: 9000\n  body: [{conv: {out: 4, kernel: 1}}]",
            "defaults: {conv: {groups: len(range(99999)) // 99999}}\n",
        ),
        "NS0705",
    ),
    "a list as default": (
        network(
            "- repeat: 9000\n  body: [b]",
            "blocks: {b: {args: {v: {type: list, default: range(99999)}}, body: [relu]}}\n",
        ),
        "NS0705",
    ),
    "a list handed over": (
        network(
            "- repeat: 9000\n  body: [{b: {v: n}}]",
            f"args: {{n: [{listed('1', 50_000)}]}}\nblocks: {{b: {{args: {{v: list}}, body: [relu]}}}}\n",
        ),
        "NS0705",
    ),
    "a list of initial values": (
        network("- repeat: 9000\n  body: [{linear: 4, init: {bias: 'range(99999)'}}]", input="[4]"), "NS0705",
    ),
    "a written list of initial values": (
        network(f"- repeat: 900\n  body: [{{linear: 9000, init: {{bias: [{listed('8', 9_000)}]}}}}]", input="[4]"), "NS0705",
    ),
    "a written list in an argument": (
        network(f"- repeat: 9000\n  body: [{{gather: [{listed('{}', 9_000)}]}}]", input="[9000]"), "NS0705",
    ),
    "a written table of a loop": (
        network(f"- repeat: 900\n  body: [{{foreach: {{a: [{listed('[' + '1, ' * 700 + '1]', 25)}]}}, body: []}}]"), "NS0705",
    ),
    "names in every round": (
        network(f"- repeat: 20000\n  body: [{{let: {{{listed('a{}: x.channels', 1_000)}}}}}]"), "NS0705",
    ),
    "arguments of a block that is handed over": (
        network(
            f"- repeat: 20000\n  body: [{{b: {{u: {{big: {{{listed('a{}: 1', 9_000)}}}}}}}}}]",
            f"blocks: {{big: {{args: {{{listed('a{}: 1', 9_000)}}}, body: [relu]}}, b: {{args: {{u: block}}, body: []}}}}\n",
        ),
        "NS0705",
    ),
    "a formula of another number in every round": (
        network(f"- repeat: 9000\n  body: [{{formula: {' + '.join(['x*index'] * 25)}}}]"), "NS0705",
    ),
    "a formula in every round": (network(f"- repeat: 9000\n  body: [{{formula: {' + '.join('x' * 60)}}}]"), "NS0704"),
    "a constant of another number in every round": (
        network("- repeat: 4000\n  body: [{b: {n: index}}]", f"blocks: {{b: {{args: {{n: int}}, {GRID.format(' + n')}}}}}\n"),
        "NS0705",
    ),
    "a constant in every round": (network("- repeat: 4000\n  body: [b]", f"blocks: {{b: {{{GRID.format('')}}}}}\n"), "NS0704"),
    "outputs by label": (
        network(
            "- repeat: 4000\n  body: [relu]\n  collect: all",
            f"outputs: {{{listed('o{}: all', 40)}}}\n",
        ),
        "NS0702",
    ),
    "outputs of documents": (network("- repeat: 2000\n  body: [{sequential: [{use: outputs.yaml, from: input}]}]"), "NS0704"),
    "taps of documents": (
        network(f"- repeat: 2000\n  body: [{{use: {{spec: small.yaml, taps: [{listed('relu1', 1_000)}]}}, from: input}}]"),
        "NS0704",
    ),
    "taps that no step has": (network(f"- use: {{spec: long.yaml, taps: [{listed('wrong{}', 5_000)}]}}"), "NS0313"),
    "expressions in one list": (
        network(f"- conv: {{out: 4, kernel: [{listed('len(range(99999))', 9_000)}]}}"), "NS0705",
    ),
    "arguments of calls": (
        network("- repeat: 9000\n  body: [b]", f"blocks: {{b: {{args: {{{listed('a{}: 1', 15_000)}}}, body: [relu]}}}}\n"),
        "NS0705",
    ),
    "arguments of documents": (
        network("- repeat: 9000\n  body: [{use: part.yaml}]"), "NS0705",
    ),
    "operands": (network(f"- repeat: 9000\n  body: [{{add: [{listed('x', 3_000)}]}}]"), "NS0704"),
    "operands by label": (
        network(
            "\n".join(f"- relu:\n  as: a{index}" for index in range(1_500))
            + f"\n- repeat: 1500\n  body: [{{mean: [{listed('a{}', 1_500)}]}}]"
        ),
        "NS0704",
    ),
    "operands by from": (network(f"- repeat: 9000\n  body: [{{from: [{listed('x', 2_000)}]}}, {{relu: , from: input}}]"), "NS0704"),
    "outputs of calls": (
        network(
            "- repeat: 4500\n  body: [b, {relu: , from: input}]",
            f"blocks: {{b: {{outputs: [{listed('x', 3_000)}], body: [relu]}}}}\n",
        ),
        "NS0704",
    ),
    "values in every round": (
        network(f"- split: {{sizes: [{listed('1', 4_000)}]}}\n- repeat: 20000\n  body: [{{relu: , when: false}}]", input="[4000]"),
        "NS0704",
    ),
    "values through loops": (
        network(f"- split: {{sizes: [{listed('1', 4_000)}]}}\n- repeat: 9000\n  body: [{{repeat: 1, body: []}}]", input="[4000]"),
        "NS0704",
    ),
    "axes": (
        network(f"- repeat: 9000\n  body: [{{permute: [{listed('{}', 61)[3:]}]}}]", input=f"[{listed('1', 60)}]"), "NS0702",
    ),
    "inputs": (f"netspec: 1\ninput: {{{listed('i{}: [2]', 8_000)}}}\nnetwork: [{{mean: [{listed('i{}', 8_000)}]}}]\n", "NS0702"),
    "as many inputs as may be": (
        f"netspec: 1\ninput: {{{listed('i{}: [1, 8, 8]', 32)}}}\nnetwork:\n  - concat: [{listed('i{}', 32)}]\n"
        "  - repeat: 9000\n    body: [{conv: {out: 2, kernel: 3, padding: 1}}]\n",
        None,
    ),
    "bodies in bodies": (
        network("- b: {n: 60}", f"blocks: {{b: {{args: {{n: int}}, body: [relu, {DEEP}]}}}}\n"), "NS0701",
    ),
    "variables in every round": (
        network("- repeat: 9000\n  body: [relu]", f"args: {{{listed('a{}: 1', 15_000)}}}\n"), None,
    ),
    "arguments of arguments": (
        network("- relu", f"args: {{first: 1, a0: 1, {listed('b{0}: a0 + first', 15_000)}}}\n"), None,
    ),
    "labels in every round": (
        network("\n".join(f"- relu:\n  as: a{index}" for index in range(4_000)) + "\n- repeat: 4000\n  body: [relu]"), None,
    ),
    "labels beside residuals": (
        network(
            "\n".join(f"- relu:\n  as: a{index}" for index in range(3_000))
            + "\n- repeat: 1500\n  body: [{residual: [relu, {conv: {out: 4, kernel: 1}}]}]"
        ),
        None,
    ),
    "heads": (network("- repeat: 4900\n  body: [{output: {name: 'h{index}', body: [relu]}}]"), None),
    "pieces": (network(f"- split: {{sizes: [{listed('1', 9_000)}]}}\n- concat:", input="[9000]"), None),
    "devices": (network("- repeat: 9000\n  body: [{conv: {out: 4, kernel: 1}, device: index % 8}]"), None),
    "long sums": (network(f"- repeat: 70\n  body: [{{mean: [{listed('x', 2_700)}]}}]"), None),
    "taps of which the last is reached late": (
        network(f"- use: {{spec: long.yaml, taps: [{listed('a', 5_000)}, last]}}"), None,
    ),
    "patterns": (
        network(
            "- repeat: 9000\n  body: [{rearrange: {pattern: '(a b c d e) h w -> (e d c b a) h w', a: 2, b: 2, c: 2, d: 2}}]",
            input="[32, 4, 4]",
        ),
        None,
    ),
    "formulas": (network(f"- repeat: 3000\n  body: [{{formula: {' + '.join('x' * 60)}}}]"), None),
    "a used document": (network("- repeat: 2000\n  body: [{use: small.yaml}]"), None),
    "a dense block": (network("- dense: {layers: 4900, body: [{conv: {out: 1, kernel: 1}}]}"), None),
    "a far receptive field": (
        network(
            "- repeat: 600\n  body: [{maxpool: {kernel: 2147483647, stride: 2147483647, padding: 1073741823}}]",
            input="[1, 1]",
        ),
        None,
    ),
}  # fmt: skip
"""Short documents whose cost grows with a product, and the code that refuses them, or None where they are answered."""

PARTS = {
    "part.yaml": f"netspec: 1\ninput: [4, 8, 8]\nargs: {{{listed('a{}: 1', 2_000)}}}\nnetwork: [relu]\n",
    "small.yaml": "netspec: 1\ninput: [4, 8, 8]\nnetwork: [relu]\n",
    "outputs.yaml": network("- relu:\n  as: a", f"outputs: {{{listed('o{}: a', 2_000)}}}\n"),
    "long.yaml": network("- relu:\n  as: a\n- repeat: 9000\n  body: [relu]\n- relu:\n  as: last"),
}
MEASURED = """
import resource, sys
from netspec.cli import main
try:
    main()
except SystemExit as end:
    code = end.code
used = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(code, sum(each.ru_utime + each.ru_stime for each in used), max(each.ru_maxrss for each in used) * 1024, file=sys.stderr)
"""


def slowness() -> float:
    """Return how many times slower this machine is, now, than one that counts to a million in 30 ms."""
    start = time.process_time()
    for _ in range(1_000_000):
        pass
    return (time.process_time() - start) / 0.03


def measure(*arguments: str, limit: float = 5) -> tuple[int, str]:
    """Run a command in a process of its own; return its exit code and what it says on standard error.

    With the layout engine it may take ``limit`` seconds of the processor, and 1 GB of memory.
    """
    done = subprocess.run([sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, timeout=100)
    *said, last = done.stderr.splitlines()
    code, seconds, most = last.split()
    assert float(seconds) < limit * max(1.0, slowness()), arguments
    assert float(most) < 10**9, arguments
    return int(code), "\n".join(said)
