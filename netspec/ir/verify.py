"""The invariants of every graph, whatever produced it: one check per rule, by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from netspec.diagnostics import InternalError
from netspec.ir.graph import Graph
from netspec.ir.node import Node, Scope
from netspec.ops import ShapeError, TensorType
from netspec.ops.scan import Collected, Element, NextState
from netspec.ops.weighted import Weighted
from netspec.sizes import stated
from netspec.sizes.shape import Shape

MOST_SHOWN = 5
"""The number of violations that an exception lists."""

Check = Callable[[Graph], Iterator[str]]
CHECKS: dict[str, Check] = {}
"""The rules by name, each with a function that yields violations. A rule may rely on those before it."""


class InvalidGraph(InternalError):
    """A graph breaks a rule that holds for all graphs: a bug of netspec, or of a pass or an op from elsewhere.

    ``rule`` is the rule's name, ``violations`` are what breaks it.
    """

    def __init__(self, graph: Graph, rule: str, violations: list[str]) -> None:
        more = [f"and {len(violations) - MOST_SHOWN} more"] if len(violations) > MOST_SHOWN else []
        super().__init__(f"{graph.name} breaks '{rule}': {'; '.join(violations[:MOST_SHOWN] + more)}")
        self.rule, self.violations = rule, violations


def verify(graph: Graph, rules: Collection[str] | None = None) -> None:
    """Check the invariants of a graph: all rules, or some of them.

    Raises: InvalidGraph for the first rule that is broken.

    Example:
        >>> import netspec
        >>> verify(netspec.compile("lenet5_modern"))
    """
    for rule in CHECKS if rules is None else rules:
        violations = list(CHECKS[rule](graph))
        if violations:
            raise InvalidGraph(graph, rule, violations)


def _rule(check: Check) -> Check:
    CHECKS[check.__name__.replace("_", " ")] = check
    return check


@_rule
def unique_paths(graph: Graph) -> Iterator[str]:
    """Yield nodes and scopes whose path is not unique."""
    paths = {each.name for each in graph.inputs}
    for path in (*(node.path for node in graph.root.traverse()), *(scope.path for scope in graph.root.descend())):
        if path in paths:
            yield f"two parts are called {path}"
        paths.add(path)


@_rule
def operands_first(graph: Graph) -> Iterator[str]:
    """Yield the nodes that read what does not exist, or not yet."""
    known = {each.name for each in graph.inputs}
    for node in graph:
        yield from (
            f"{node.path} reads {name}, which is not computed before it" for name in node.reads if name not in known
        )
        known.update(node.values)


@_rule
def operand_counts(graph: Graph) -> Iterator[str]:
    """Yield the nodes that have fewer or more operands than their op allows."""
    for node in graph:
        least, most = node.op.operand_limits()
        if len(node.inputs) < least or (most is not None and len(node.inputs) > most):
            yield f"{node.path} gives {node.op.name} {len(node.inputs)} operands"


@_rule
def inferred_types(graph: Graph) -> Iterator[str]:
    """Yield the nodes whose results do not have the types that their op infers."""
    inferred: dict[object, tuple[TensorType, ...] | str] = {}
    for node in graph:
        types = tuple(map(graph.type_of, node.inputs))
        # Repeated blocks hold equal ops, and inferring a shape again costs more than looking it up.
        key = (node.op, types)
        if key not in inferred:
            try:
                inferred[key] = node.op.infer_results(*types)
            except ShapeError as error:
                inferred[key] = error.message
        expected = inferred[key]
        if isinstance(expected, str):
            yield f"{node.path}: {expected}"
        elif expected != node.results:
            yield f"{node.path} gives {_listed(node.results)}, and its op {_listed(expected)}"


@_rule
def costs(graph: Graph) -> Iterator[str]:
    """Yield the nodes whose cost is not that of their op; weights count where they come first."""
    facts: dict[object, tuple[int, int]] = {}
    owners: set[str] = set()
    for node in graph:
        shapes = _operand_shapes(node, graph)
        key = (node.op, shapes)
        if key not in facts:
            facts[key] = stated(node.op.count_macs(*shapes)), stated(node.op.count_parameters(*shapes))
        macs, params = facts[key]
        macs *= node.scope.rounds
        params = 0 if node.module in owners else params
        owners.add(node.module)
        if (node.macs, node.params) != (macs, params):
            yield f"{node.path} has {node.macs:,} MACs and {node.params:,} parameters, not {macs:,} and {params:,}"


@_rule
def shared_modules(graph: Graph) -> Iterator[str]:
    """Yield the nodes that share the module of another op."""
    owners: dict[str, Node] = {}
    for node in graph:
        owner = owners.setdefault(node.module, node)
        if owner.op != node.op:
            yield f"{node.path} shares the module of {owner.path}, which is another op"


@_rule
def initialized_parameters(graph: Graph) -> Iterator[str]:
    """Yield the nodes with initializers of parameters that they do not have."""
    for node in graph:
        if node.init:
            known = node.op.list_parameters(*_operand_shapes(node, graph))
            yield from (f"{node.path} has no parameter {name}" for name, _ in node.init if name not in known)


@_rule
def tied_weights(graph: Graph) -> Iterator[str]:
    """Yield the nodes whose weights are tied to what is no parameter of another node, or none of that shape."""
    owned: dict[str, Shape] = {}
    for node in graph:
        shapes = _operand_shapes(node, graph)
        wanted = node.op.weight_shapes(*shapes) if isinstance(node.op, Weighted) else {}
        # Of a shared module, the first node says what its weights are.
        if not node.shared and {*node.op.tied()} != dict(node.ties).keys():
            yield f"{node.path} has tied weights that it does not name"
        for name, key in node.ties:
            if key not in owned or owned[key] != wanted.get(name):
                yield f"{node.path} has its {name} from {key}, which is no such parameter"
        parameters = node.op.list_parameters(*shapes)
        owned.update((f"{node.module}.{name}", shape) for name, shape in parameters.items())


@_rule
def scopes(graph: Graph) -> Iterator[str]:
    """Yield items that do not refer to the scope that holds them, and empty scopes."""
    for scope in graph.root.descend():
        if not scope.items:
            yield f"{scope.path or graph.name} is empty"
        for item in scope.items:
            around = item.scope if isinstance(item, Node) else item.parent
            if around is not scope:
                yield f"{item.path} is in {scope.path or graph.name}, but its `scope` is another"


@_rule
def borders(graph: Graph) -> Iterator[str]:
    """Yield the scopes with live-ins or live-outs that do not exist."""
    known = _values(graph)
    for scope in graph.root.descend():
        lost = [name for name in (*scope.inputs, *scope.outputs) if name not in known]
        yield from (f"{name} crosses the border of {scope.path or graph.name}, and is not there" for name in lost)


@_rule
def scans(graph: Graph) -> Iterator[str]:
    """Yield scopes that are computed another number of times than they say, and what leaves a scan in each round."""
    found = [scope for scope in graph.root.descend() if scope.kind == "scan"]
    for scope in graph.root.descend():
        lengths = {graph.shape_of(node.inputs[0])[0] for node in _elements(scope)}
        own = lengths.pop() if scope.kind == "scan" and len(lengths) == 1 else 1
        if scope.rounds != own * (scope.parent.rounds if scope.parent else 1):
            yield f"{scope.path or graph.name} is computed {scope.rounds} times, which is not what it goes over"
    if not found:
        return
    homes = {value: _scan_around(node) for node in graph for value in node.values}
    for node in graph:
        around = {scope.path for scope in node.scope.ascend()}
        for name in node.inputs:
            if homes.get(name, "") not in around:
                yield f"{node.path} reads {name}, which has a value for each round of {homes[name]}"


def _elements(scope: Scope) -> Iterator[Node]:
    return (item for item in scope.items if isinstance(item, Node) and isinstance(item.op, Element))


def _scan_around(node: Node) -> str:
    """Return the path of the innermost scan in each round of which a node has a value, or an empty text."""
    scans = [scope.path for scope in node.scope.ascend() if scope.kind == "scan"]
    is_whole = isinstance(node.op, (Collected, NextState))
    return next(iter(scans[is_whole:]), "")


@_rule
def outputs(graph: Graph) -> Iterator[str]:
    """Yield the outputs that are no value of the network, have the name of another, or are no live-outs of the root.

    Those of the root come first; behind them come auxiliary ones.
    """
    known = _values(graph)
    names: set[str] = set()
    for each in graph.outputs:
        if each.node not in known:
            yield f"the output {each.name} is {each.node}, which is not there"
        if each.name in names:
            yield f"two outputs are called {each.name}"
        names.add(each.name)
    main = tuple(each.node for each in graph.outputs)[: len(graph.root.outputs)]
    if graph.root.inputs != tuple(each.name for each in graph.inputs) or graph.root.outputs != main:
        yield "its root takes or gives other values"


def _operand_shapes(node: Node, graph: Graph) -> tuple[Shape, ...]:
    return tuple(graph.shape_of(name) for name in node.inputs)


def _listed(types: tuple[TensorType, ...]) -> str:
    return ", ".join(map(str, types))


def _values(graph: Graph) -> set[str]:
    return {each.name for each in graph.inputs}.union(*(node.values for node in graph))
