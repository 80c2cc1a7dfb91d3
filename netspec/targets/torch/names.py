"""Names of the classes: that of the block in CamelCase, or the common part of the scopes' names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence

from netspec.ir import Graph
from netspec.targets.torch.expand_stored import ExpandBatch
from netspec.targets.torch.plan import GeneratedClass
from netspec.targets.torch.reserved import FreeNames


def camel(name: str) -> str:
    """Return a name in CamelCase.

    Example:
        >>> camel("conv_bn_relu"), camel("inception_v3"), camel("squeezenet1_0")
        ('ConvBnRelu', 'InceptionV3', 'Squeezenet1_0')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    text = "_".join(word[0].upper() + word[1:] for word in words)
    # An underscore is kept only between digits, which would become another number.
    text = re.sub(r"(?<![0-9])_|_(?![0-9])", "", text)
    return text if text and not text[0].isdecimal() else f"Net{text}"


def name_classes(classes: Sequence[GeneratedClass], graph: Graph, taken: Iterable[str]) -> tuple[str, ...]:
    """Return a unique name for every class, by its number; the network's comes first, since users import it.

    ``taken`` are all other names of the file: a class that is shadowed by a variable could not be called.
    """
    free = FreeNames(taken)
    root = free.take(camel(spell(graph.name, graph.title)), "Output")
    names = {classes[-1].number: root}
    by_base: dict[str, list[GeneratedClass]] = {}
    for each in classes[:-1]:
        by_base.setdefault(camel(_base(each)), []).append(each)
    for base, alike in by_base.items():
        # The class with the most scopes, and then the one with the fewest members, has the plain name.
        usual = max(alike, key=lambda each: (len(each.plans), -len(each.first.members)))
        names[usual.number] = free.take(base)
        for each in alike:
            if each is not usual:
                names[each.number] = free.take(base + _difference(each, usual))
    return tuple(names[number] for number in range(len(classes)))


def spell(name: str, title: str) -> str:
    """Return a network's name with the capitals of its title: papers write ResNet, files are called resnet.

    Example:
        >>> spell("se_resnet50", "SE-ResNet-50 (Hu et al., 2018)"), spell("unet", "U-Net"), spell("mine", "A network")
        ('SE_ResNet50', 'UNet', 'mine')
    """
    letters = re.sub(r"[^A-Za-z0-9]", "", title)

    def spelled(word: re.Match[str]) -> str:
        start = letters.lower().find(word[0].lower())
        return letters[start : start + len(word[0])] if start >= 0 else word[0]

    return re.sub(r"[A-Za-z]{2,}", spelled, name)


def _base(each: GeneratedClass) -> str:
    scope = each.first.scope
    if scope.block:
        return scope.block
    # A group of steps is named after its scopes: layer1 and layer2 are a Layer. A number is not a name.
    names = [plan.scope.name for plan in each.plans]
    common = _common_prefix(names).rstrip("0123456789_")
    if len(common) >= 3 and len(set(names)) > 1:
        return common
    return names[0] if not names[0].isdecimal() else f"{_common_prefix(_around(each)).rstrip('0123456789_')}_unit"


def _around(each: GeneratedClass) -> list[str]:
    """Return the name of the nearest scope around each of a class's scopes that is called by more than a number."""
    found = []
    for plan in each.plans:
        scope = plan.scope
        while scope.parent is not None and scope.name.isdecimal():
            scope = scope.parent
        found.append(scope.name)
    return found


def _common_prefix(names: list[str]) -> str:
    columns = zip(*names, strict=False)
    equal = itertools.takewhile(lambda column: len(set(column)) == 1, columns)
    return "".join(column[0] for column in equal)


def _difference(one: GeneratedClass, usual: GeneratedClass) -> str:
    """Return a suffix for what a class has in addition to the usual one of its name, or lacks, if that is simple."""
    own = {member.attribute.name for member in one.first.members}
    others = {member.attribute.name for member in usual.first.members}
    more, less = sorted(own - others), sorted(others - own)
    if more and not less and len(more) <= 2:
        return f"With{''.join(map(camel, more))}"
    if less and not more and len(less) <= 2:
        return f"Without{''.join(map(camel, less))}"
    # Members need not differ: an identity shortcut has none.
    merges, usual_merges = _merges(one), _merges(usual)
    if usual_merges and not merges:
        return "WithoutShortcut" if usual_merges == {"add"} else "WithoutMerge"
    added = sorted(merges - usual_merges)
    return f"With{''.join(map(camel, added))}" if 0 < len(added) <= 2 else ""


def _merges(each: GeneratedClass) -> set[str]:
    nodes = (node for node in each.first.scope.traverse() if not isinstance(node.op, ExpandBatch))
    return {node.op.name for node in nodes if len(node.inputs) > 1}
