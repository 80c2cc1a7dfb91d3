"""Variants and ``--set``: other values for a document's arguments and input."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import replace
from typing import Any

from netspec.diagnostics import Code, SourceMap, Span, SpecError, nearest
from netspec.language.model import Document
from netspec.ops.torch_code import REQUIRED
from netspec.syntax.yaml import Mapping, Sequence, merged, read

INPUT_KEYS = ("shape", "dtype", "high")
NUMBERS = re.compile(r"\s*[-+.\w]+(\s*,\s*[-+.\w]+)+\s*")
"""Words or numbers with commas between them."""


def override(document: Document, variant: str | None, overrides: dict[str, Any]) -> Document:
    """Return the document with the values of a variant, then those of the overrides.

    Keys are arguments, places inside list arguments (``layers.0``) or ``input``; texts are read as YAML.

    Raises: SpecError NS0213 for an unknown variant, NS0214 for an unknown key.
    """
    arguments = Mapping(str(document.path))
    if variant is not None:
        arguments.take(_variant(document, variant))
    pinned, entered, tree = document.pinned and variant is None and not overrides, document.input, document.tree
    for key, text in overrides.items():
        value = _read(text, key, document.sources) if isinstance(text, str) else _as_tree(text)
        if key == "input" or key.startswith("input."):
            entered = _changed_input(entered, key.split(".")[1:], value, key)
            tree = merged(tree)
            tree.value_spans["input"] = Span(f"--set {key}", 1, 1, 1, 2)
        else:
            _set(document, arguments, key, value)
    return replace(document, arguments=arguments, input=entered, tree=tree, pinned=pinned)


def _changed_input(current: Any, places: list[str], value: Any, key: str) -> Any:
    """Return an input with another shape, but the same dtype, range of integers and names."""
    if not isinstance(current, Mapping):
        return _placed(current, places, value, key)
    if not places and isinstance(value, Mapping) and ("shape" in value) == ("shape" in current):
        changed: dict[tuple[str, ...], Any] = {(name,): value[name] for name in value}
    elif not places and isinstance(value, Mapping):
        return value
    else:
        changed = {tuple(places) or (_shape_key(current, key),): value}
    result = merged(current)
    for (name, *inner), item in changed.items():
        if name not in current and not (name in INPUT_KEYS and "shape" in current):
            message = f"--set {key}: there is no input '{name}'"
            raise SpecError.of(Code.UNKNOWN_SETTING, message, help=_places(current, name))
        span = Span(f"--set {key}", 1, 1, 1, 2)
        place = current.key_spans.get(name, span)
        result.put(name, _changed_input(current.get(name), inner, item, key), place, span)
    return result


def _shape_key(current: Mapping, key: str) -> str:
    """Return the key of an input under which its shape is, or the name of the only input of a mapping."""
    if "shape" in current:
        return "shape"
    if len(current) == 1:
        return next(iter(current))
    names = ", ".join(current)
    help_text = f"name the one that is meant, as in `--set input.{next(iter(current), 'name')}=...`"
    raise SpecError.of(Code.UNKNOWN_SETTING, f"--set {key}: the inputs are {names}", help=help_text)


def _read(text: str, key: str, sources: SourceMap) -> Any:
    if not text.strip():
        help_text = "give one after the `=`; `null` is nothing, and `''` an empty text"
        raise SpecError.of(Code.UNKNOWN_SETTING, f"--set {key}: there is no value", help=help_text)
    # A shell may expand brackets as a pattern, so a list of numbers may be written without them.
    listed = f"[{text}]" if NUMBERS.fullmatch(text) else text
    sources.add(f"--set {key}", listed)
    return read(listed, f"--set {key}")


def _variant(document: Document, name: str) -> Mapping:
    known = document.variants
    if name not in known:
        help_text = nearest(name, known) or (f"it has {', '.join(known)}" if known else "it has no variants")
        raise SpecError.of(
            Code.UNKNOWN_VARIANT,
            f"{document.name} has no variant '{name}'",
            _section(document, "variants"),
            help=help_text,
        )
    return known[name]


def _section(document: Document, key: str) -> Span:
    """Return the place where a document declares what can be set, or its beginning if it does not."""
    return document.tree.key_spans.get(key, document.span)


def _set(document: Document, arguments: Mapping, key: str, value: Any) -> None:
    name, *places = key.split(".")
    if name not in document.parameters:
        known = [*document.parameters, "input"]
        help_text = nearest(name, known) or f"it has {', '.join(known)}"
        raise SpecError.of(
            Code.UNKNOWN_SETTING,
            f"{document.name} has no argument '{name}'",
            _section(document, "args"),
            help=help_text,
        )
    default = document.parameters[name].default
    current = arguments.get(name, None if default is REQUIRED else default)
    arguments.put(name, _placed(current, places, value, key), Span(f"--set {key}", 1, 1, 1, 2))


def _placed(current: Any, places: list[str], value: Any, key: str) -> Any:
    """Return current with the value at a path of list positions or mapping keys."""
    if not places:
        return value
    place, *rest = places
    # Python reads no number of thousands of digits, and no list is that long.
    if isinstance(current, list) and place.isdecimal() and len(place) < 10 and int(place) < len(current):
        index: Any = int(place)
    elif isinstance(current, dict) and place in current:
        index = place
    else:
        raise SpecError.of(
            Code.UNKNOWN_SETTING, f"--set {key}: there is no place '{place}'", help=_places(current, place)
        )
    # A copy at each level: the default that it comes from is shared with every other use of the document.
    result = copy(current)
    result[index] = _placed(current[index], rest, value, key)
    return result


def _places(current: Any, place: str) -> str:
    """Return the positions or keys of a value, as help for one that it lacks."""
    if isinstance(current, dict) and current:
        return nearest(place, current) or f"it has {', '.join(current)}"
    if isinstance(current, list) and current:
        return f"it has the places 0 to {len(current) - 1}"
    return "it is empty" if isinstance(current, (dict, list)) else "it is no list"


def _as_tree(value: Any) -> Any:
    """Return a Python value as the YAML reader would return it."""
    if isinstance(value, dict):
        mapping = Mapping()
        for key, item in value.items():
            mapping.put(str(key), _as_tree(item), mapping.span)
        return mapping
    if isinstance(value, (list, tuple)):
        sequence = Sequence()
        sequence.extend(map(_as_tree, value))
        sequence.item_spans.extend([sequence.span] * len(sequence))
        return sequence
    return value
