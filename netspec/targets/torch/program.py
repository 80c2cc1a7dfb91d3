"""All classes of a file, with their final names."""

from __future__ import annotations

from dataclasses import dataclass

from netspec.ir import Graph
from netspec.targets.torch.layout import Layout
from netspec.targets.torch.names import name_classes
from netspec.targets.torch.plan import Attribute, GeneratedClass
from netspec.targets.torch.variables import name_values


@dataclass(frozen=True, slots=True)
class NamedClass:
    """A class with its name, its base class, and the variables of its values by number."""

    generated: GeneratedClass
    name: str
    base: str
    variables: tuple[str, ...]

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
    names = name_classes(classes, graph, layout.reserved | taken)
    named = (
        NamedClass(generated, name, _base(generated), own)
        for generated, name, own in zip(classes, names, variables, strict=True)
    )
    return Program(graph, layout, tuple(named))


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
