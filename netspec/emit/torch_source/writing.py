"""The text of the file: header, layers that torch lacks, one class per group, initialization."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from netspec.emit.torch_source.description import Construct, Group, Loop, Member, Statement
from netspec.emit.torch_source.variables import name_values
from netspec.ops import Torch
from netspec.ops.base import REQUIRED
from netspec.shape import show

WIDTH = 100
LEAVING = frozenset({"out", "out_channels", "channels", "width"})
"""The second argument of a constructor needs no name when it is the channels that leave."""


def write_class(group: Group, docstring: list[str], extra: list[str]) -> str:
    """Return the text of one class; ``extra`` are further lines of its constructor."""
    lines = [f"class {group.name}({_base(group)}):", *_docstring(docstring), ""]
    if group.first.loop is not None:
        return "\n".join([*lines, *_looped(group, group.first.loop)])
    if group.first.members or group.stored or extra:
        lines += [*_constructor(group, extra), ""]
    if not group.first.is_sequential:
        lines += _forward(group)
    return "\n".join(lines).rstrip()


def _base(group: Group) -> str:
    """Return the class's base: a dictionary where all members are numbers, which are no attributes."""
    if group.first.is_sequential:
        return "nn.Sequential"
    members = group.first.members
    numbered = bool(members) and all(member.name.isdecimal() and not member.home for member in members)
    return "nn.ModuleDict" if numbered else "nn.Module"


def _looped(group: Group, loop: Loop) -> Iterator[str]:
    """Yield a dense block: its layers in a loop, and a forward that concatenates each one's result."""
    layers = hole_text(group, len(group.first.holes) - 1)
    yield from wrapped("    def __init__(", ["self", *_declared(group)], ") -> None:")
    yield "        super().__init__()"
    yield f"        for i in range({layers}):"
    number = f"{{i + {loop.first}}}" if loop.first else "{i}"
    inner = loop.construct.group
    assert inner is not None
    count = len(inner.parameters)
    arguments = ", ".join(_passed(inner, [_grown(group, index, count) for index in range(count)]))
    yield from _wrapped_text(f'            self.add_module(f"{loop.prefix}{number}", {inner.name}({arguments}))')
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


def _docstring(lines: list[str]) -> list[str]:
    if len(lines) == 1 and len(lines[0]) <= WIDTH - 10:
        return [f'    """{lines[0]}"""']
    return [f'    """{lines[0]}', *(f"    {line}".rstrip() for line in lines[1:]), '    """']


# the constructor


def _declared(group: Group) -> Iterator[str]:
    """Yield the constructor's arguments as declared."""
    for each in group.parameters:
        default = "" if each.default is REQUIRED else f" = {literal(each.default)}"
        yield f"{each.name}: {each.annotation}{default}"


def _constructor(group: Group, extra: list[str]) -> Iterator[str]:
    yield from wrapped("    def __init__(", ["self", *_declared(group)], ") -> None:")
    members = list(_merged_homes(group.first.members))
    if group.first.is_sequential:
        yield from wrapped("        super().__init__(", [_construct(each.construct, group) for each in members], ")")
        yield from (f"        {line}" for line in extra)
        return
    yield "        super().__init__()"
    for name, text in group.stored.items():
        yield f"        self.{name} = {text}"
    for member in members:
        yield from _assignment(member, group)
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


def _assignment(member: Member, group: Group) -> Iterator[str]:
    if member.name.isdecimal() and (member.home or _base(group) == "nn.Module"):
        holder = reach("self", member.home)
        yield from _wrapped_text(f'        {holder}.add_module("{member.name}", {_construct(member.construct, group)})')
        return
    target = f"        {attribute(group, member.home, member.name)}"
    construct = member.construct
    if construct.parts:
        parts = list(_compact([_construct(part, group) for part in construct.parts]))
        yield from wrapped(f"{target} = nn.Sequential(", parts, ")")
        return
    head, arguments = _call(construct, group)
    yield from wrapped(f"{target} = {head}(", arguments, ")") if arguments is not None else iter([f"{target} = {head}"])


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


def _compact(texts: list[str]) -> Iterator[str]:
    """Yield texts, a run of at least three equal ones as one comprehension."""
    start = 0
    while start < len(texts):
        stop = start
        while stop < len(texts) and texts[stop] == texts[start]:
            stop += 1
        if stop - start >= 3:
            yield f"*({texts[start]} for _ in range({stop - start}))"
        else:
            yield from texts[start:stop]
        start = stop


def _construct(construct: Construct, group: Group) -> str:
    if construct.parts:
        return f"nn.Sequential({', '.join(_compact([_construct(part, group) for part in construct.parts]))})"
    head, arguments = _call(construct, group)
    return head if arguments is None else f"{head}({', '.join(arguments)})"


def _call(construct: Construct, group: Group) -> tuple[str, list[str] | None]:
    """Return what is called and the texts of its arguments."""
    if construct.group is not None:
        texts = [hole_text(group, index) for index in range(construct.start, construct.stop)]
        return construct.group.name, list(_passed(construct.group, texts))
    assert construct.torch is not None
    head, found, _ = construct.torch.template.partition("({arguments})")
    if not found:
        return _filled(construct.torch, group, construct.start, ()), None
    return head, list(_arguments(construct.torch, group, construct.start))


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


def _forward(group: Group) -> Iterator[str]:
    description = group.first
    names = name_values(description)
    taken = [f"{names[value]}: Tensor" for value in description.inputs]
    results = [names[value] for value in description.outputs]
    gives = "Tensor" if len(results) == 1 else f"tuple[{', '.join(['Tensor'] * len(results))}]"
    if description.scope.kind == "network" and group.returns:
        gives = group.returns[0]
    yield from wrapped("    def forward(", ["self", *taken], f") -> {gives}:")
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


# lines


def wrapped(head: str, parts: list[str], tail: str) -> Iterator[str]:
    """Yield a call on one line where it fits, else with its arguments on lines of their own."""
    line = f"{head}{', '.join(parts)}{tail}"
    if len(line) <= WIDTH:
        yield line
        return
    indent = " " * (len(head) - len(head.lstrip()) + 4)
    inner = f"{indent}{', '.join(parts)}"
    yield head
    if len(inner) <= WIDTH and not any("nn." in part or "*(" in part for part in parts):
        yield inner
    else:
        for part in parts:
            yield from _wrapped_text(f"{indent}{part},")
    yield f"{indent[4:]}{tail}"


def _wrapped_text(line: str) -> Iterator[str]:
    """Yield a line that is one call, broken inside its outermost parentheses when it is too long."""
    if len(line) <= WIDTH or "(" not in line:
        yield line
        return
    head, _, rest = line.partition("(")
    body, _, tail = rest.rpartition(")")
    yield from wrapped(f"{head}(", split_arguments(body), f"){tail}")


def split_arguments(text: str) -> list[str]:
    """Return the arguments of a call's text, split at its outermost commas.

    Example:
        >>> split_arguments('nn.Conv2d(3, 4), (1, 2), "a, b"')
        ['nn.Conv2d(3, 4)', '(1, 2)', '"a, b"']
    """
    parts, depth, quoted, start = [], 0, False, 0
    for index, character in enumerate(text):
        if character == '"' and text[index - 1 : index] != "\\":
            quoted = not quoted
        elif not quoted and character in "([{":
            depth += 1
        elif not quoted and character in ")]}":
            depth -= 1
        elif not quoted and depth == 0 and character == ",":
            parts.append(text[start:index].strip())
            start = index + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]
