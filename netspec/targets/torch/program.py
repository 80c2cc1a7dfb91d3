"""All classes of a file, with their final names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from netspec.ir import Graph
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.names import name_classes
from netspec.targets.torch.plan import Attribute, GeneratedClass, TorchCall
from netspec.targets.torch.reserved import free_names
from netspec.targets.torch.variables import name_values


@dataclass(frozen=True, slots=True)
class NamedClass:
    """A class with its name, its base class, and the variables of its values by number."""

    generated: GeneratedClass
    name: str
    base: str
    variables: tuple[str, ...]
    locals: Mapping[str, str]
    """The variables of indices, by their names in the document."""

    def reach(self, attribute: Attribute, holder: str = "self") -> str:
        """Return the expression by which the class's own code refers to a member."""
        if attribute.home or not attribute.name.isdecimal() or self.base == "nn.Module":
            return reach(holder, attribute.path)
        return f'{holder}["{attribute.name}"]' if self.base == "nn.ModuleDict" else f"{holder}[{attribute.name}]"


@dataclass(frozen=True, slots=True)
class Program:
    """A network's classes by number, inner ones first."""

    graph: Graph
    layout: Layout
    classes: tuple[NamedClass, ...]

    @property
    def network(self) -> NamedClass:
        """The class of the whole network."""
        return self.classes[-1]


def name_program(classes: tuple[GeneratedClass, ...], layout: Layout) -> Program:
    """Return the named classes, whose names differ from those of all variables and of the network's outputs."""
    graph = layout.graph
    variables = [name_values(each.first, layout.reserved) for each in classes]
    # A variable with the name of a class would shadow it in the line that calls it.
    taken = {name for each in variables for name in each}
    taken.update(parameter.name for each in classes for parameter in each.parameters)
    taken.update(output.name for output in graph.outputs)
    locals = [_name_locals(each, own, layout.reserved) for each, own in zip(classes, variables, strict=True)]
    taken.update(name for each in locals for name in each.values())
    names = name_classes(classes, graph, layout.reserved | taken)
    named = (
        NamedClass(generated, name, _base(generated), own, inner)
        for generated, name, own, inner in zip(classes, names, variables, locals, strict=True)
    )
    return Program(graph, layout, tuple(named))


def _name_locals(generated: GeneratedClass, variables: Collection[str], reserved: frozenset[str]) -> dict[str, str]:
    """Return the variables of indices in the constructor and in ``forward``, which differ from all others there."""
    calls = [each.called for each in generated.statements] + [each.construct for each in generated.first.members]
    wanted = dict.fromkeys(name for each in calls if isinstance(each, TorchCall) for name, _ in each.torch.locals)
    taken = {"self", "module", *variables, *(each.name for each in generated.parameters)}
    return free_names(wanted, {*reserved, *taken}) if wanted else {}


def _base(generated: GeneratedClass) -> str:
    """Return the base class: ``nn.ModuleDict`` if all members are numbers, which are no attribute names."""
    if generated.first.is_sequential:
        return "nn.Sequential"
    attributes = [member.attribute for member in generated.first.members]
    numbered = bool(attributes) and all(each.name.isdecimal() and not each.home for each in attributes)
    return "nn.ModuleDict" if numbered else "nn.Module"


def reach(holder: str, path: str) -> str:
    """Return the expression for a module inside another; a number is looked up, since it is no attribute name.

    Example:
        >>> reach("self", "layer1.0.conv1"), reach("self", "")
        ('getattr(self.layer1, "0").conv1', 'self')
    """
    for name in path.split(".") if path else []:
        holder = f'getattr({holder}, "{name}")' if name.isdecimal() else f"{holder}.{name}"
    return holder
