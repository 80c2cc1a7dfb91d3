"""YAML text to a plain tree with the span of every key and value.

The reader implements YAML 1.2 and refuses what network descriptions do not need: duplicate keys, several documents,
tags outside the core schema, control characters, and anything larger than its limits. Whatever the bytes, it raises
nothing but a ``SpecError`` with coded diagnostics.

    text.py            the characters that are allowed
    reader.py          parser events to a tree
    builders.py        collections under construction
    anchors.py         aliases, counted by the size of their values
    scalars.py         plain words and numbers
    tree.py            mappings and sequences with spans
    errors.py          the errors of one traversal
    parser_errors.py   errors of the YAML parser, explained
    spacing.py         indicators without their space
    indentation.py     lines indented like no line around them
    flow_style.py      values as YAML on one line
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netspec.diagnostics import SourceMap
from netspec.diagnostics.sources import check_size
from netspec.syntax.yaml.reader import read_events
from netspec.syntax.yaml.text import check_characters
from netspec.syntax.yaml.tree import Mapping, Sequence, locate, merged

__all__ = ["Mapping", "Sequence", "locate", "merged", "read", "read_file"]


def read(text: str, file: str) -> Any:
    """Return the tree of a YAML document; ``file`` is the name that diagnostics show.

    Mappings become ``Mapping``, lists ``Sequence``, and scalars ``str``, ``int``, ``float``, ``bool`` or ``None``.

    Raises:
        SpecError: the text is not the YAML that is read here (NS01xx).
        LimitError: the document is too large, deep or repetitive (NS07xx).

    Example:
        >>> read("netspec: 1\\nname: tiny\\ninput: [3, 32, 32]\\n", "tiny.yaml")
        {'netspec': 1, 'name': 'tiny', 'input': [3, 32, 32]}
        >>> read("k: 1\\nk: 2\\n", "tiny.yaml")
        Traceback (most recent call last):
        netspec.diagnostics.errors.SpecError: tiny.yaml:2:1: NS0102 key 'k' is given twice (remove one of the two)
    """
    # Size, characters, structure: each check relies on the one before, and none processes more than the limit.
    check_size(text, file)
    text = text.removeprefix("\ufeff")
    check_characters(text, file)
    return read_events(text, file)


def read_file(path: Path, sources: SourceMap | None = None) -> Any:
    """Return the tree of a YAML file, shown in diagnostics by the path as it was given.

    Raises:
        SpecError: the file cannot be read (NS0001), is not a regular one (NS0002), or its content is wrong.
        LimitError: the file is larger than 1 MiB, or its content exceeds another limit.
    """
    return read((sources or SourceMap()).read(path), str(path))
