"""Names of the classes: the block's in CamelCase, or what the scopes of a group have in common."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable

from netspec.ir import Graph
from netspec.targets.torch.plan import Group
from netspec.targets.torch.reserved import is_reserved


def camel(name: str) -> str:
    """Return a name as a class is called.

    Example:
        >>> camel("conv_bn_relu"), camel("inception_v3"), camel("DenseNet-BC-121")
        ('ConvBnRelu', 'InceptionV3', 'DenseNetBC121')
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    text = "".join(word[0].upper() + word[1:] for word in words)
    return text if text and not text[0].isdecimal() else f"Net{text}"


def name_classes(groups: list[Group], graph: Graph, taken: Iterable[str]) -> None:
    """Give every group a class name of its own; the network's comes first, since users import it.

    ``taken`` are the names of everything else in the file: a class that a variable hid could not be called.
    """
    used = set(taken)
    root = groups[-1]
    title = graph.title.partition(" (")[0]
    root.name = _free(camel(title if _is_plain(title) else graph.name), used, with_output=True)
    by_base: dict[str, list[Group]] = {}
    for group in groups[:-1]:
        by_base.setdefault(camel(_base(group)), []).append(group)
    for base, alike in by_base.items():
        usual = max(alike, key=lambda group: (len(group.descriptions), -len(group.first.members)))
        usual.name = _free(base, used)
        for group in alike:
            if group is not usual:
                group.name = _free(base + _difference(group, usual), used)


def _is_plain(title: str) -> bool:
    return bool(title) and title.isascii() and len(title) <= 40 and not title[0].isdecimal()


def _base(group: Group) -> str:
    scope = group.first.scope
    if scope.block:
        return scope.block
    names = [each.scope.name for each in group.descriptions]
    common = _common_start(names).rstrip("0123456789_")
    if len(common) >= 3 and len(set(names)) > 1:
        return common
    return names[0] if not names[0].isdecimal() else f"{scope.parent.name if scope.parent else ''}_unit"


def _common_start(names: list[str]) -> str:
    columns = zip(*names, strict=False)
    equal = itertools.takewhile(lambda column: len(set(column)) == 1, columns)
    return "".join(column[0] for column in equal)


def _difference(group: Group, usual: Group) -> str:
    """Return what a class has more or less than the usual one of its name, where it is that simple."""
    own = {member.name for member in group.first.members}
    others = {member.name for member in usual.first.members}
    more, less = sorted(own - others), sorted(others - own)
    if more and not less and len(more) <= 2:
        return f"With{''.join(map(camel, more))}"
    if less and not more and len(less) <= 2:
        return f"Without{''.join(map(camel, less))}"
    merges, usual_merges = _merges(group), _merges(usual)
    if usual_merges and not merges:
        return "WithoutShortcut" if usual_merges == {"add"} else "WithoutMerge"
    return "With" + "".join(map(camel, sorted(merges - usual_merges))) if merges - usual_merges else ""


def _merges(group: Group) -> set[str]:
    items = group.first.scope.walk()
    return {node.op.name for node in items if len(node.inputs) > 1}


def _free(name: str, used: set[str], with_output: bool = False) -> str:
    number, free = 2, name
    while is_reserved(free, used) or (with_output and f"{free}Output" in used):
        free, number = f"{name}{number}", number + 1
    used.add(free)
    if with_output:
        used.add(f"{free}Output")
    return free
