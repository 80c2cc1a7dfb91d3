"""The text of the file: header, layers that torch lacks, one class per group, initialization."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from netspec.ops import Torch
from netspec.ops.base import REQUIRED
from netspec.sizes.shape import show
from netspec.targets.torch.document import Call, Document, lay_out_lines, repeat
from netspec.targets.torch.plan import Construct, Group, Loop, Member, Statement

LEAVING = frozenset({"out", "out_channels", "channels", "width"})
"""The second argument of a constructor needs no name when it is the channels that leave."""


def write_class(group: Group, docstring: list[str], extra: list[str], width: int) -> str:
    """Return the text of one class; ``extra`` are further lines of its constructor."""
    lines = [f"class {group.name}({_base(group)}):", *_docstring(docstring, width), ""]
    if group.first.loop is not None:
        return "\n".join([*lines, *_looped(group, group.first.loop, width)])
    if group.first.members or group.stored or extra:
        lines += [*_constructor(group, extra, width), ""]
    if not group.first.is_sequential:
        lines += _forward(group, width)
    return "\n".join(lines).rstrip()


def _base(group: Group) -> str:
    """Return the class's base: a dictionary where all members are numbers, which are no attributes."""
    if group.first.is_sequential:
        return "nn.Sequential"
    members = group.first.members
    numbered = bool(members) and all(member.name.isdecimal() and not member.home for member in members)
    return "nn.ModuleDict" if numbered else "nn.Module"


def _looped(group: Group, loop: Loop, width: int) -> Iterator[str]:
    """Yield a dense block: its layers in a loop, and a forward that concatenates each one's result."""
    layers = hole_text(group, len(group.first.holes) - 1)
    yield from lay_out_lines(_signature("__init__", _declared(group), "None"), width, "    ")
    yield "        super().__init__()"
    yield f"        for i in range({layers}):"
    number = f"{{i + {loop.first}}}" if loop.first else "{i}"
    inner = loop.construct.group
    assert inner is not None
    count = len(inner.parameters)
    layer = Call(f"{inner.name}(", tuple(_passed(inner, [_grown(group, index, count) for index in range(count)])), ")")
    added = Call("self.add_module(", (f'f"{loop.prefix}{number}"', layer), ")")
    yield from lay_out_lines(added, width, " " * 12)
    yield ""
    yield "    def forward(self, x: Tensor) -> Tensor:"
    yield "        for layer in self.children():"
    yield "            x = torch.cat([x, layer(x)], 1)"
    yield "        return x"


def _grown(group: Group, index: int, count: int) -> str:
    """Return the text of a layer's argument, which may grow with the layer's number."""
    if group.first.holes[count + index].value == 0:
        return hole_text(group, index)
    return f"{hole_text(group, index)} + {_factor(hole_text(group, count + index))}i"


def _factor(text: str) -> str:
    return "" if text == "1" else f"{text} * "


def _docstring(lines: list[str], width: int) -> list[str]:
    if len(lines) == 1 and len(lines[0]) <= width - 10:
        return [f'    """{lines[0]}"""']
    return [f'    """{lines[0]}', *(f"    {line}".rstrip() for line in lines[1:]), '    """']


# the constructor


def _declared(group: Group) -> Iterator[str]:
    """Yield the constructor's arguments as declared."""
    for each in group.parameters:
        default = "" if each.default is REQUIRED else f" = {literal(each.default)}"
        yield f"{each.name}: {each.annotation}{default}"


def _signature(name: str, arguments: Iterable[str], returns: str) -> Call:
    return Call(f"def {name}(", ("self", *arguments), f") -> {returns}:")


def _constructor(group: Group, extra: list[str], width: int) -> Iterator[str]:
    yield from lay_out_lines(_signature("__init__", _declared(group), "None"), width, "    ")
    members = list(_merged_homes(group.first.members))
    if group.first.is_sequential:
        parts = tuple(_construct(each.construct, group) for each in members)
        yield from lay_out_lines(Call("super().__init__(", parts, ")"), width, " " * 8)
        yield from (f"        {line}" for line in extra)
        return
    yield "        super().__init__()"
    for name, text in group.stored.items():
        yield f"        self.{name} = {text}"
    for member in members:
        yield from _assignment(member, group, width)
    yield from (f"        {line}" if line else "" for line in extra)


def _merged_homes(members: list[Member]) -> Iterator[Member]:
    """Yield the members, those that hang in another module after that module itself."""
    homes: set[str] = set()
    for member in members:
        parts = member.home.split(".") if member.home else []
        for depth, name in enumerate(parts):
            home = ".".join(parts[: depth + 1])
            if home not in homes:
                homes.add(home)
                yield Member(name, Construct(Torch("nn.Module()")), ".".join(parts[:depth]))
        yield member


def _assignment(member: Member, group: Group, width: int) -> Iterator[str]:
    construct = _construct(member.construct, group)
    if member.name.isdecimal() and (member.home or _base(group) == "nn.Module"):
        added = Call(f"{reach('self', member.home)}.add_module(", (f'"{member.name}"', construct), ")")
        yield from lay_out_lines(added, width, " " * 8)
        return
    target = attribute(group, member.home, member.name)
    yield from lay_out_lines(construct, width, " " * 8, before=f"{target} = ")


def attribute(group: Group, home: str, name: str, holder: str = "self") -> str:
    """Return how a class's own code reaches a member."""
    base = _base(group)
    if home or not name.isdecimal() or base == "nn.Module":
        return reach(holder, f"{home}.{name}" if home else name)
    return f'{holder}["{name}"]' if base == "nn.ModuleDict" else f"{holder}[{name}]"


def reach(holder: str, path: str) -> str:
    """Return the text of a module somewhere inside another; a number is no attribute that Python could write.

    Example:
        >>> reach("self", "layer1.0.conv1"), reach("self", "")
        ('getattr(self.layer1, "0").conv1', 'self')
    """
    for name in path.split(".") if path else []:
        holder = f'getattr({holder}, "{name}")' if name.isdecimal() else f"{holder}.{name}"
    return holder


def _compact(parts: list[Document]) -> Iterator[Document]:
    """Yield the parts of a sequence, a run of at least three equal ones as one comprehension."""
    for part, run in itertools.groupby(parts):
        equal = list(run)
        if len(equal) >= 3:
            yield repeat(part, len(equal))
        else:
            yield from equal


def _construct(construct: Construct, group: Group) -> Document:
    if construct.parts:
        parts = _compact([_construct(part, group) for part in construct.parts])
        return Call("nn.Sequential(", tuple(parts), ")")
    if construct.group is not None:
        texts = [hole_text(group, index) for index in range(construct.start, construct.stop)]
        return Call(f"{construct.group.name}(", tuple(_passed(construct.group, texts)), ")")
    assert construct.torch is not None
    called, found, _ = construct.torch.template.partition("({arguments})")
    if not found:
        return _filled(construct.torch, group, construct.start, ())
    return Call(f"{called}(", tuple(_arguments(construct.torch, group, construct.start)), ")")


def _passed(inner: Group, texts: list[str]) -> Iterator[str]:
    """Yield the arguments for a class's constructor: by name, but for the channels that enter and leave."""
    for index, (parameter, text) in enumerate(zip(inner.parameters, texts, strict=True)):
        if parameter.default is not REQUIRED and text == literal(parameter.default):
            continue
        by_position = index == 0 or (index == 1 and parameter.name in LEAVING)
        yield text if by_position and parameter.default is REQUIRED else f"{parameter.name}={text}"


def hole_text(group: Group, index: int) -> str:
    """Return the text of a hole: its value where the class has one, else what follows from the parameters."""
    text = group.texts[index]
    return text if text is not None else literal(group.first.holes[index].value)


def literal(value: Any) -> str:
    """Return a value as Python text; everything that is not a number or a list of them is escaped."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, str):
        return '"' + ascii(value)[1:-1].replace('"', '\\"') + '"'
    return repr(value)


def _arguments(torch: Torch, group: Group, start: int) -> Iterator[str]:
    for offset, argument in enumerate(torch.arguments):
        if f"{{{argument.name}}}" in torch.template:
            continue
        text = hole_text(group, start + offset)
        if argument.default is not REQUIRED and text == literal(argument.default):
            continue
        yield text if argument.positional else f"{argument.name}={text}"


# forward


def _forward(group: Group, width: int) -> Iterator[str]:
    description = group.first
    names = group.names
    taken = [f"{names[value]}: Tensor" for value in description.inputs]
    results = [names[value] for value in description.outputs]
    gives = "Tensor" if len(results) == 1 else f"tuple[{', '.join(['Tensor'] * len(results))}]"
    if description.scope.kind == "network" and group.returns:
        gives = group.returns[0]
    yield from lay_out_lines(_signature("forward", taken, gives), width, "    ")
    lines = [(statement, _line(statement, group, names)) for statement in description.statements]
    ending = None if group.returns else _last_value(description.statements, description.outputs)
    for statement, text in lines:
        if statement is ending:
            yield _commented(f"        return {text}", statement)
        else:
            targets = ", ".join(names[value] for value in statement.results)
            yield _commented(f"        {targets} = {text}", statement)
    if ending is None:
        yield from group.returns[1:] if group.returns else [f"        return {', '.join(results)}"]


def _last_value(statements: list[Statement], outputs: tuple[int, ...]) -> Statement | None:
    """Return the last statement if it alone computes what is returned."""
    return statements[-1] if statements and statements[-1].results == outputs else None


def _line(statement: Statement, group: Group, names: dict[int, str]) -> str:
    module = attribute(group, *statement.member) if statement.member is not None else ""
    operands = list(_operands(statement, module, names))
    if module:
        text = f"{module}({', '.join(operands)})"
    else:
        assert statement.torch is not None
        text = _filled(statement.torch, group, statement.start, operands)
    if not statement.training_only:
        return text
    nothing = ", ".join("None" for _ in statement.results)
    return f"{text} if self.training else " + (f"({nothing})" if "," in nothing else nothing)


def _operands(statement: Statement, module: str, names: dict[int, str]) -> Iterator[str]:
    """Yield the operands, those that live elsewhere as moved to the module's weights, or to the first operand."""
    first = names[statement.operands[0]] if statement.operands else ""
    there = f"next({module}.parameters()).device" if statement.moves_to_weights else f"{first}.device"
    for index, value in enumerate(statement.operands):
        yield f"{names[value]}.to({there})" if index in statement.moves else names[value]


def _filled(torch: Torch, group: Group, start: int, operands: Iterable[str]) -> str:
    """Return a template with its holes filled."""
    given = list(operands)
    named = {each.name: hole_text(group, start + offset) for offset, each in enumerate(torch.arguments)}
    listed = ", ".join(_arguments(torch, group, start))
    text = torch.template
    if "{arguments}" in text and not listed:
        text = text.replace(", {arguments}", "")
    if named.get("start") == "0":
        text = text.replace("{start}:", ":")
    return text.format(*given, operands=", ".join(given), **{**named, "arguments": listed})


def _commented(text: str, statement: Statement) -> str:
    comments = [show(statement.shape)] if statement.shape else []
    comments += [f"device {statement.device}"] if statement.device is not None else []
    return f"{text}  # {', '.join(comments)}" if comments else text
