"""Memory in bytes: of parameters, of all values that a training step keeps, and of the peak in evaluation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netspec.analysis.liveness import aliases, liveness
from netspec.diagnostics import Code, LimitError
from netspec.dtypes import FLOAT_BYTES, element_bytes
from netspec.ir import Graph, Node, analysis
from netspec.ir.batchless import batchless
from netspec.ops import TensorType
from netspec.ops.constant import Constant
from netspec.ops.scan import Collected, Edge
from netspec.sizes import stated
from netspec.sizes.shape import elements


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a network for a dtype and a batch.

    ``forward`` is the sum over all values, as a training step keeps them: of a scan, those of each round. ``peak`` is
    the most that evaluation holds at one time, including the input: of a scan, the values of its last round,
    and of earlier rounds what it stacks. Values that
    share memory with their operand count once, which differs between the two: a dropout returns its operand in
    evaluation only. Ops that work in place are not taken into account, so the true figures may be lower.
    """

    parameters: int
    model: int
    """Bytes of the parameters in a file, in which those of ``binary`` and ``stored_bits`` layers take less."""
    bits_per_weight: float
    """Bits that a parameter takes in that file, in the mean."""
    forward: int
    peak: int
    dtype: str
    batch: int


@analysis
def measure_memory(graph: Graph, dtype: str = "float32", batch: int = 1) -> Memory:
    """Return the bytes of a graph's parameters and values."""
    shared = aliases(graph, training=True)
    # What is computed of tensors alone is the same for each example.
    fixed = batchless(graph).values
    bits = _stored_bits(graph, 8 * FLOAT_BYTES[dtype])
    return Memory(
        parameters=graph.params * FLOAT_BYTES[dtype],
        model=-(-bits // 8),
        bits_per_weight=bits / graph.params if graph.params else 0.0,
        forward=sum(
            _kept(node, dtype) * (1 if node.path in fixed else batch) for node in graph if node.path not in shared
        ),
        peak=batch * _peak(graph, dtype),
        dtype=dtype,
        batch=batch,
    )


def _kept(node: Node, built: str) -> int:
    """Return the bytes of a node's values that a training step keeps: of a scan, those of each round."""
    around = node.scope.parent
    is_whole = isinstance(node.op, Edge) and around is not None
    return count_bytes(node.results, built) * (around.rounds if is_whole and around else node.scope.rounds)


def _stored_bits(graph: Graph, number: int) -> int:
    # The owner of shared weights has them; the other nodes have none.
    owners = (node for node in graph if node.params and node.module in graph.evaluated)
    return sum(
        stated(node.op.count_stored_bits(number, *(graph.shape_of(path) for path in node.inputs))) for node in owners
    )


def count_bytes(types: Iterable[TensorType], built: str) -> int:
    """Return the bytes of one example's values in a network that is built with a dtype."""
    return sum(stated(elements(each.shape)) * element_bytes(each.dtype, built) for each in types)


def _peak(graph: Graph, built: str) -> int:
    alive, shared = liveness(graph), aliases(graph, training=False)
    # The caller holds the network's input, so it is never freed.
    live = peak = count_bytes((each.type for each in graph.inputs), built)
    begun, stacked = _left_by_rounds(graph, built)
    for position, node in enumerate(alive.order):
        live += 0 if node.path in shared else count_bytes(node.results, built)
        live += begun.get(node.path, 0)
        # An op reads its operands while it writes its result: both are held, and only then may the operands go.
        peak = max(peak, live)
        live -= count_bytes(map(graph.type_of, alive.dying.get(position, ())), built)
        live -= stacked.get(node.path, 0)
    return peak


def _left_by_rounds(graph: Graph, built: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the bytes that earlier rounds have left as the last one begins, by the first node of a scan.

    With it come those that are held no longer, by the node that has stacked them.
    """
    begun: dict[str, int] = {}
    stacked: dict[str, int] = {}
    for node in graph:
        if isinstance(node.op, Collected):
            rounds = node.results[0].shape[0] - 1
            stacked[node.path] = rounds * count_bytes([graph.type_of(node.inputs[0])], built)
            first = next(node.scope.traverse()).path
            begun[first] = begun.get(first, 0) + stacked[node.path]
    return begun, stacked


def check_memory(memory: Memory, graph: Graph, limit: int, forward: bool) -> None:
    """Refuse a network whose parameters, with ``forward`` also its values, need more than ``limit`` bytes.

    Raises: LimitError NS0707 with the number.
    """
    # torch creates every parameter in float32, whatever it becomes afterwards.
    constants = (node for node in graph if isinstance(node.op, Constant) and node.symbolic is None)
    needed = graph.training_params * FLOAT_BYTES["float32"] + (memory.peak if forward else 0)
    needed += sum(count_bytes(node.results, "float32") for node in constants)
    if needed > limit:
        what = f"parameters and the values of a batch of {memory.batch}" if forward else "parameters"
        message = f"{graph.name} needs {show_bytes(needed)} for {what}, and {show_bytes(limit)} are allowed"
        help_text = "raise `--max-memory`, or make the network, the input or the batch smaller"
        raise LimitError.of(Code.OUT_OF_MEMORY, message, graph.root.span, help=help_text)


def show_bytes(count: int) -> str:
    """Return a number of bytes as people read it.

    Example:
        >>> show_bytes(46758208), show_bytes(640)
        ('44.6 MiB', '640 B')
    """
    if count < 1024:
        return f"{count} B"
    amount, units = count / 1024, ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    # 999.5 would be shown as 1e+03 with three digits.
    while amount >= 999.5 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    unit = units[0]
    return f"{amount:.3g} {unit}" if amount < 999.5 else f"{amount:.0f} {unit}"
