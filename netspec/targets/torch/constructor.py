"""Constructors as lines: the members of a class, or the layers of a dense block in a loop."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from netspec.ops import Torch
from netspec.ops.torch_code import REQUIRED
from netspec.targets.torch.document import Brackets, Document, Line, call, literal, repeat
from netspec.targets.torch.plan import Attribute, Construct, GeneratedClass, Loop, Member, Nested, TorchCall
from netspec.targets.torch.program import NamedClass, Program, reach
from netspec.targets.torch.templates import fill_locals, fill_template

OUTPUT_CHANNELS = frozenset({"out", "out_channels", "channels", "width"})
"""The second argument of a constructor is positional if it is the output channels."""


def constructor(named: NamedClass, program: Program, extra: Iterable[Line] = ()) -> Iterator[Line]:
    """Yield the lines of a constructor, with further ones at its end."""
    generated = named.generated
    yield _signature(generated)
    members = list(_with_homes(generated.first.members))
    if generated.first.is_sequential:
        # The base's constructor takes the layers, and has a ``forward`` already.
        parts = (_construct(each.construct, named, program) for each in members)
        yield Line(2, call("super().__init__", parts))
    else:
        yield Line(2, "super().__init__()")
        yield from (Line(2, text, before=f"self.{name} = ") for name, text in generated.stored)
        held: dict[str, str] = {}
        for each in members:
            yield from _locals(each.construct, named, held)
            yield _assignment(each, named, program)
    yield from extra


def _locals(construct: Construct, named: NamedClass, held: dict[str, str]) -> Iterator[Line]:
    if isinstance(construct, TorchCall) and construct.torch.locals:
        texts = named.generated.texts_of(construct.slots)
        yield from local_lines(fill_locals(construct.torch, texts, (), named.locals), held)


def local_lines(wanted: Iterable[tuple[str, str]], held: dict[str, str]) -> Iterator[Line]:
    """Yield the lines that assign variables, but for those that hold that text already."""
    for name, text in wanted:
        if held.get(name) != text:
            held[name] = text
            yield Line(2, text, before=f"{name} = ")


def _signature(generated: GeneratedClass) -> Line:
    return Line(1, Brackets("def __init__(", ("self", *_declared(generated)), ") -> None:"))


def _declared(generated: GeneratedClass) -> Iterator[str]:
    """Yield the constructor's arguments as declared."""
    for each in generated.parameters:
        default = "" if each.default is REQUIRED else f" = {literal(each.default)}"
        yield f"{each.name}: {each.annotation}{default}"


def _with_homes(members: Iterable[Member]) -> Iterator[Member]:
    """Yield the members, with those inside another module after that module."""
    homes: set[str] = set()
    for member in members:
        parts = member.attribute.home.split(".") if member.attribute.home else []
        for depth, name in enumerate(parts):
            home = Attribute(".".join(parts[:depth]), name)
            if home.path not in homes:
                homes.add(home.path)
                # A step may share a layer inside a module that is not a member itself.
                yield Member(home, TorchCall(Torch("nn.Module()"), range(0)))
        yield member


def _assignment(member: Member, named: NamedClass, program: Program) -> Line:
    construct = _construct(member.construct, named, program)
    if member.is_buffer:
        holder = reach("self", member.attribute.home)
        return Line(2, call(f"{holder}.register_buffer", (f'"{member.attribute.name}"', construct, "persistent=False")))
    # ``self.0 = ...`` is no Python, but the keys of a state_dict have such names for parts of an ``nn.Sequential``.
    home, name = member.attribute
    if name.isdecimal() and (home or named.base == "nn.Module"):
        return Line(2, call(f"{reach('self', home)}.add_module", (f'"{name}"', construct)))
    return Line(2, construct, before=f"{named.reach(member.attribute)} = ")


def _construct(construct: Construct, named: NamedClass, program: Program) -> Document:
    generated = named.generated
    if isinstance(construct, TorchCall):
        return fill_template(construct.torch, generated.texts_of(construct.slots), (), named.locals)
    if isinstance(construct, Nested):
        inner = program.classes[construct.number]
        return call(inner.name, _passed(inner.generated, generated.texts_of(construct.slots)))
    return call("nn.Sequential", _compact([_construct(part, named, program) for part in construct.parts]))


def _compact(parts: list[Document]) -> Iterator[Document]:
    """Yield the parts of a sequence, a run of at least three equal ones as one comprehension."""
    for part, run in itertools.groupby(parts):
        equal = list(run)
        if len(equal) >= 3:
            yield repeat(part, len(equal))
        else:
            yield from equal


def _passed(inner: GeneratedClass, texts: Iterable[str]) -> Iterator[str]:
    """Yield the arguments for a class's constructor: by name, except for the input and output channels."""
    for index, (parameter, text) in enumerate(zip(inner.parameters, texts, strict=True)):
        if parameter.default is not REQUIRED and text == literal(parameter.default):
            continue
        by_position = index == 0 or (index == 1 and parameter.name in OUTPUT_CHANNELS)
        yield text if by_position and parameter.default is REQUIRED else f"{parameter.name}={text}"


# dense blocks


def dense_constructor(named: NamedClass, loop: Loop, program: Program) -> Iterator[Line]:
    """Yield the lines of the constructor of a dense block, whose layers are made in a loop."""
    generated = named.generated
    inner = program.classes[loop.layer.number]
    number = f"{{i + {loop.first}}}" if loop.first else "{i}"
    layer = call(inner.name, _passed(inner.generated, _grown(generated)))
    yield _signature(generated)
    yield Line(2, "super().__init__()")
    yield Line(2, f"for i in range({generated.texts[-1]}):")
    yield Line(3, call("self.add_module", (f'f"{loop.prefix}{number}"', layer)))


def _grown(generated: GeneratedClass) -> Iterator[str]:
    """Yield the expressions of a layer's arguments, which may grow with the layer's index."""
    growth = generated.first.growth
    for slot, text, step in zip(growth, generated.texts, generated.texts[len(growth) :], strict=False):
        # A step may be a sum, which needs parentheses in a product.
        factor = "" if step == "1" else f"({step}) * " if " " in step else f"{step} * "
        yield text if slot.value == 0 else f"{text} + {factor}i"
