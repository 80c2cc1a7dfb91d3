"""Completions of arguments and options that click cannot know: networks, and what is in them.

A document that does not compile has none, since a completion cannot report errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from netspec.diagnostics import NetspecError

if TYPE_CHECKING:
    from netspec.language import Document
    from netspec.language.model import Parameter

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

DEVICES = ("auto", "cpu", "cuda", "cuda:0", "cuda:1", "mps")


def offer_specs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the networks that ship, beside the shell's own files."""
    from netspec.language.loading.files import shipped_names

    # Files come first: click's script for bash drops whatever precedes them.
    return [CompletionItem(incomplete, type="file"), *_beginning(incomplete, shipped_names())]


def offer_files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer files."""
    return [CompletionItem(incomplete, type="file")]


def offer_settings(*arguments: str) -> Offer:
    """Return what offers ``key=`` for the settings of the documents that these arguments of the command name."""

    def offer(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        documents = [*_documents(ctx, arguments)]
        settings = {f"{name}=": _about(each) for document in documents for name, each in document.parameters.items()}
        if documents:
            settings["input="] = "shape of the input"
        return [CompletionItem(key, help=text) for key, text in settings.items() if key.startswith(incomplete)]

    return offer


def offer_variants(*arguments: str) -> Offer:
    """Return what offers the variants of the documents that these arguments of the command name."""

    def offer(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _beginning(incomplete, (name for each in _documents(ctx, arguments) for name in each.variants))

    return offer


def offer_scopes(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the blocks of a network by path, a level of them at a time."""
    from netspec.pipeline import compile_graph

    level = incomplete.count(".")
    for spec in _given(ctx, "spec"):
        try:
            graph = compile_graph(spec, ctx.params.get("variant"), ctx.params.get("overrides"))
        except (NetspecError, OSError):
            break
        return _beginning(incomplete, (each.path for each in graph.root.descend() if each.path.count(".") == level))
    return []


def offer_devices(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer devices; torch, which knows what is there, takes too long to import."""
    before, comma, last = incomplete.rpartition(",")
    return [CompletionItem(f"{before}{comma}{each.value}") for each in _beginning(last, DEVICES)]


def _beginning(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(name) for name in dict.fromkeys(names) if name and name.startswith(incomplete)]


def _about(parameter: Parameter) -> str:
    text = parameter.description or ("required" if parameter.required else f"default {parameter.default}")
    return " ".join(text.split())


def _documents(ctx: click.Context, arguments: Iterable[str]) -> Iterator[Document]:
    from netspec.language import load

    for spec in (each for name in arguments for each in _given(ctx, name)):
        try:
            yield load(spec)
        except (NetspecError, OSError):
            continue


def _given(ctx: click.Context, name: str) -> list[str]:
    """Return the value of an argument so far.

    If the last word is an option that still lacks its value, click parses no arguments.
    """
    arguments = [each for each in ctx.command.params if isinstance(each, click.Argument)]
    for place, each in enumerate(arguments):
        if each.name == name:
            words = ctx.params.get(name) or ctx.args[place:]
            return [words] if isinstance(words, str) else list(words if each.nargs < 0 else words[:1])
    return []
