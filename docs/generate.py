"""Writes the pages that say what the code says: ``python -m docs.generate``, or ``make docs``.

ops.md       every op, combinator and library block, from their docstrings and fields
errors.md    every error code, from its page
zoo.md       every network that ships, from its document and graph
pictures/    the pictures of these pages and the README

The README itself has two parts that are generated: the code beside its first document, and the table of results.
"""

from __future__ import annotations

import inspect
import re
import tempfile
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import netspec
from docs.proofs import laws, other_readings, part_figures, references
from netspec.analysis import measure
from netspec.analysis.costs import COUNTING_RULE
from netspec.cli.fields import described_fields
from netspec.diagnostics import Code
from netspec.ir import Graph
from netspec.language import Block, Document
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.files import shipped_names
from netspec.language.loading.library import library
from netspec.ops import OPS
from netspec.output_files import signed
from netspec.sizes.shape import show
from netspec.syntax.yaml.flow_style import flow
from netspec.tooling.block_example import example_call, example_shapes
from netspec.views.chart.chart import draw_chart
from netspec.views.chart.quantities import split_stated
from netspec.views.summary.overview import measure_figures

DOCS = Path(__file__).parent
README = DOCS.parent / "README.md"
RESULTS_BEGIN, RESULTS_END = "<!-- results: made by `make docs` -->\n", "<!-- end of results -->\n"
MEASURED = ("compile DenseNet-121", "cold `netspec check", "forward in evaluation", "training step")
"""What the README tells of the benchmarks, by how the rows begin."""
MADE = "<!-- made by `make docs`; what is written here by hand is lost -->"
PRIMARY = " \u2022"

FAMILIES = {
    "convolution": "Convolution",
    "linear": "Linear",
    "normalization": "Normalization",
    "activation": "Activation",
    "pooling": "Pooling",
    "merge": "Merges",
    "shape": "Shape",
    "regularization": "Regularization",
    "sequence": "Sequences",
}
"""The families of ops with their headings, in the order of the page."""

GROUPS = {
    "NS00": "Files",
    "NS01": "YAML",
    "NS02": "The document",
    "NS03": "Steps and names",
    "NS04": "Expressions",
    "NS05": "Shapes",
    "NS06": "Expectations",
    "NS07": "Limits",
    "NS08": "Warnings",
}
"""What the codes are about, by how they begin."""


OPS_INTRODUCTION = """
`netspec ops NAME` prints the same in a terminal. Shapes are written without the batch. A dot marks the primary
argument, whose value may stand alone. How steps are written is said in [language.md](language.md).
"""

ERRORS_INTRODUCTION = """
Every error and every warning has a code that stays what it is. `netspec explain CODE` prints its page in a terminal.
Commands exit with 1 for an error in a document, with 2 for wrong usage or a file that cannot be read, with 3 where a
limit refused the document, and with 70 for an error of netspec. A document with warnings compiles: they are shown, and
are in `netspec.compile(...).warnings`. With `--deny-warnings` it is refused, and commands exit with 1.
"""

ZOO_INTRODUCTION = """
{count} networks, by paper. How everything is counted: {rule}. `depth` is the number of convolutions and linear
layers on the longest path, those of gates and both halves of a factorized convolution among them, so that it can be
more than a name says. All of these are computed; `accuracy` is not, it is what was published for the network: the first
guess's, and that of the first five, on the data that the title or the paper names.

![Top-1 accuracy on ImageNet over multiply-accumulates, with parameters as areas](pictures/accuracy.svg)

The picture is what `netspec compare --chart top1` draws of the networks whose accuracy on ImageNet was published. Who
measured it, and on how many crops, is not the same for all of them, and stands below it.

What proves a network stands beside it; `make test` runs all of it but where another command is named.

- Every network: its document compiles without a warning and to the totals that are *checked*, which stand in it; its
  module has the parameters, shapes and operations of its graph, as torch counts them; so have its variants
  (`tests/zoo/test_zoo.py`). Where its name says a depth, it is that deep (`tests/zoo/test_figures.py`).
- Every network learns: at reduced sizes it comes to know a batch by heart, gradients reach all its parameters, and
  evaluation leaves nothing to chance (`tests/zoo/test_training.py`; those that take seconds in `make test-full`).
- So many figures *of parts*, published or worked out by hand from the papers' tables, which are in
  [`tests/zoo/figures.yaml`](../tests/zoo/figures.yaml).
- *Tests of its own*, named below the table, hold it to what its paper and its authors' files say of its behaviour, its
  figures and how it starts.
- Where it is *equal to* a network of another library, both are the same graph, and give the same output with the same
  weights; with that library's *keys*, its checkpoints load with `strict=True`. For pytorchcv `make test` compares the
  graphs, that of preresnet1001_cifar excepted, and the outputs of all but the largest networks; these, torchvision
  and timm are left to `make parity`. Of swin_t and vit_b_16 the outputs alone are. Of transformers, the outputs at a
  small configuration and the parameters of the full one are compared (`tests/zoo/test_transformers.py`).
- *With other settings* it is the graph of another network of pytorchcv
  ([`tests/zoo/settings.yaml`](../tests/zoo/settings.yaml)).
"""


def wrapped(text: str) -> str:
    """Return a paragraph in lines of 120 characters."""
    return textwrap.fill(" ".join(text.split()), 120, break_long_words=False, break_on_hyphens=False)


def wrapped_list(text: str) -> Iterator[str]:
    """Yield paragraphs, and items of lists, in lines of 120 characters."""
    for paragraph in text.strip().split("\n\n"):
        for item in re.split(r"\n(?=- )", paragraph):
            indent = "  " if item.startswith("- ") else ""
            yield textwrap.fill(
                " ".join(item.split()), 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
            )
        yield ""


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield the lines of a Markdown table, and an empty one."""
    headings = list(headings)
    yield f"| {' | '.join(headings)} |"
    yield f"|{'---|' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |".replace("|  |", "| |")
    yield ""


def link(heading: str, text: str = "") -> str:
    """Return a link to a heading of the same page."""
    anchor = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
    return f"[{text or heading}](#{anchor})"


def prose(text: str) -> str:
    """Return a docstring's paragraph on one line, with Markdown's marks for code."""
    return " ".join(text.replace("``", "`").split())


# ops.md


def ops_page() -> Iterator[str]:
    """Yield the lines of the page of all ops, combinators and library blocks."""
    yield from ("# Ops, combinators and blocks", "", MADE, "")
    yield from (wrapped(OPS_INTRODUCTION), "")
    sections = {heading: [name for name in OPS if OPS[name].family == family] for family, heading in FAMILIES.items()}
    sections |= {"Combinators": list(COMBINATORS), "Library blocks": list(library())}
    for heading, names in sections.items():
        yield f"- {link(heading)}: {' '.join(link(name, f'`{name}`') for name in names)}"
    for heading, names in sections.items():
        yield from ("", f"## {heading}")
        for name in names:
            yield from ("", f"### {name}", "")
            yield from _block(library()[name]) if name in library() else _model(OPS.get(name) or COMBINATORS[name])


def _model(model: Any) -> Iterator[str]:
    for paragraph in (inspect.getdoc(model) or "").split("\n\n"):
        label, colon, text = paragraph.partition(": ")
        known = colon and label in ("Formula", "Shape", "Cost", "Raises", "Example", "Source")
        yield from (f"**{label}:** {prose(text)}" if known else prose(paragraph), "")
    rows = [
        (f"`{each.name}`{PRIMARY * each.primary}", each.type, each.default.removeprefix("default "), each.meaning)
        for each in described_fields(model)
    ]
    if rows:
        yield from table(("argument", "type", "default", "meaning"), rows)


def _block(block: Block) -> Iterator[str]:
    yield from (prose(block.description), "")
    for word, labels in (("Takes", block.inputs), ("Gives", block.outputs)):
        if labels:
            yield from (f"{word} {', '.join(f'`{label}`' for label in labels)}.", "")
    yield from (f"**Shape:** {example_shapes(block)}, as in the example.", "")
    yield from (f"**Example:** `{example_call(block)}`", "")
    primary = next(iter(block.parameters), "")
    rows = [
        (
            f"`{each.name}`{PRIMARY * (each.name == primary)}",
            each.type,
            "required" if each.required else flow(each.default),
            each.description,
        )
        for each in block.parameters.values()
    ]
    if rows:
        yield from table(("argument", "type", "default", "meaning"), rows)
    yield from (f"Written in [`{block.name}.yaml`](../netspec/blocks/{block.name}.yaml).", "")


# errors.md


def errors_page() -> Iterator[str]:
    """Yield the lines of the page of all error codes: their own pages, one after the other."""
    pages = {code: code.page.read_text(encoding="utf-8") for code in Code}
    yield from ("# Errors", "", MADE, "")
    yield wrapped(ERRORS_INTRODUCTION)
    for prefix, heading in GROUPS.items():
        within = {code: page for code, page in pages.items() if code.startswith(prefix)}
        if within:
            yield from ("", f"## {heading}", "")
            yield from (f"- {link(_headline(page))}" for page in within.values())
            for page in within.values():
                yield ""
                yield from _demoted(page)


def _headline(page: str) -> str:
    return page.partition("\n")[0].lstrip("# ")


def _demoted(page: str) -> Iterator[str]:
    """Yield a page's lines with its headings two levels down; what is fenced stays."""
    fenced = False
    for line in page.rstrip().splitlines():
        fenced ^= line.startswith("```")
        yield f"##{line}" if line.startswith("#") and not fenced else line


# zoo.md


def zoo_page() -> Iterator[str]:
    """Yield the lines of the page of all networks that ship, one section per paper."""
    documents = [netspec.load(name) for name in shipped_names()]
    papers: dict[str, list[Document]] = {}
    for document in documents:
        papers.setdefault(_paper(document.cite), []).append(document)
    yield from ("# The networks that ship", "", MADE, "")
    yield from wrapped_list(ZOO_INTRODUCTION.format(count=len(documents), rule=COUNTING_RULE))
    for paper in sorted(papers, key=lambda each: (_year(each), each)):
        yield from ("", f"## {paper}", "")
        yield from _networks([(document, netspec.compile(document)) for document in papers[paper]])


def _paper(cite: str) -> str:
    """Return a citation without the place in the paper."""
    return re.sub(r"(, (table|figure|section|appendix)s? |;).*", "", cite) or "Without a paper"


def _year(cite: str) -> str:
    years = re.findall(r"\b(?:19|20)\d\d\b", cite)
    return years[0] if years else "9999"


def _networks(networks: list[tuple[Document, Graph]]) -> Iterator[str]:
    rows = []
    for document, graph in networks:
        totals = measure(graph)
        entered = " and ".join(show(each.shape) for each in graph.inputs)
        params, macs = f"{totals.params:,}", f"{totals.macs:,}"
        if totals.training_params != totals.params:
            params += f" ({totals.training_params:,} in training)"
            macs += f" ({totals.training_macs:,} in training)"
        counts = (params, macs, str(totals.depth))
        name = f"[`{document.path.stem}`](../specs/{document.path.name})"
        shown = (*counts, _accuracy(document), _checked(document), _equal(document))
        rows.append((name, document.title, entered, *shown))
    yield from table(("name", "title", "input", "params", "MACs", "depth", "accuracy", "checked", "equal to"), rows)
    for document, _ in networks:
        tests = ", ".join(f"`{test}`" for test in laws().get(document.path.stem, ()))
        texts = [prose(document.notes), *([f"Tests of its own: {tests}."] if tests else [])]
        if any(texts):
            yield f"- `{document.path.stem}`: {' '.join(filter(None, texts))}"


def _accuracy(document: Document) -> str:
    published = document.published
    figures = " / ".join(f"{published[key]:.4g}" for key in ("top1", "top5") if published.get(key) is not None)
    return f"{figures} % ({published['source']})" if published else ""


def _checked(document: Document) -> str:
    name = document.path.stem
    totals = [key for key, value in document.expect.items() if value is not None]
    parts, tests = part_figures().get(name, 0), len(laws().get(name, ()))
    counts = [
        *([f"{parts} of parts"] if parts else []),
        *([f"{tests} test{'s' * (tests > 1)} of its own"] if tests else []),
    ]
    return ", ".join([*totals, *counts])


def _equal(document: Document) -> str:
    keyed = document.reference.get("keys")
    texts = [
        f"{library_name} `{constructor}`{' with its keys' if keyed == library_name else ''}"
        for library_name, constructor in references(document)
    ]
    others = [f"`{equal}`" for network, _, equal in other_readings() if network == document.path.stem]
    return ", ".join([*texts, *([f"with other settings pytorchcv {' and '.join(others)}"] if others else [])])


# the README


def readme_page(page: str) -> str:
    """Return the README with the code of its first document and its table of results as they are now."""
    code = netspec.source(first_network())
    page = _between(page, "```py\n", "```\n", code[code.index("class ") :])
    return _between(page, RESULTS_BEGIN, RESULTS_END, "\n".join(["", *_results(), "", ""]))


def first_network() -> Graph:
    """Return the network that the README begins with."""
    page = README.read_text(encoding="utf-8")
    _, _, rest = page.partition("```yaml\n# tiny.yaml\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tiny.yaml"
        path.write_text(f"# tiny.yaml\n{rest.partition('```')[0]}", encoding="utf-8")
        return netspec.compile(path)


def _between(page: str, begin: str, end: str, text: str) -> str:
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{text}{end}{after}"


def _results() -> Iterator[str]:
    """Yield the table of what is proved and measured: the tests of the zoo, and what `make bench` wrote."""
    names = shipped_names()
    documents = [netspec.load(name) for name in names]
    equal = Counter(library_name for document in documents for library_name, _ in references(document))
    configured = equal.pop("transformers", 0)
    keyed = sum(document.reference.get("keys") in equal for document in documents)
    others = ", ".join(f"{library_name} {count}" for library_name, count in equal.most_common())
    parts, figures = sum(part_figures().values()), "[`tests/zoo/figures.yaml`](tests/zoo/figures.yaml)"
    yield "| what | how much | held by |"
    yield "|---|---|---|"
    yield f"| networks that compile to the totals they state, counted by torch too | {len(names)} | `make test` |"
    yield f"| figures of their parts, published or worked out by hand from the papers | {parts} | {figures} |"
    yield f"| networks equal to another library's: graph and outputs | {others} | `make parity` |"
    yield f"| of these, with the library's own `state_dict` keys | {keyed} | `make parity` |"
    yield f"| networks equal to one of transformers, with its keys: outputs | {configured} | `make test` |"
    for row in (DOCS.parent / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").splitlines():
        what, *found = [cell.strip() for cell in row.strip("|").split("|")]
        if what.startswith(MEASURED):
            ratio = " of its time" if what.endswith("module") else ""
            yield f"| {what} | {found[0]}{ratio} | [`make bench`](benchmarks/RESULTS.md) |"


# files


def _text(lines: Iterable[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines).rstrip()) + "\n"


def accuracy_chart() -> str:
    """Return the chart of the networks whose accuracy on ImageNet was published."""
    published = (name for name in shipped_names() if netspec.load(name).published.get("dataset") == "ImageNet")
    found = [measure_figures(netspec.compile(name)) for name in published]
    return draw_chart(split_stated(found, "top1")[0], "top1")


PAGES: dict[str, Callable[[], str]] = {
    "ops.md": lambda: _text(ops_page()),
    "errors.md": lambda: _text(errors_page()),
    "zoo.md": lambda: _text(zoo_page()),
    "pictures/accuracy.svg": lambda: signed(accuracy_chart(), ".svg"),
    "pictures/ddpm_unet_cifar.svg": lambda: signed(netspec.draw("ddpm_unet_cifar"), ".svg"),
    "pictures/deit_small.svg": lambda: signed(netspec.draw("deit_small"), ".svg"),
    "pictures/densenet121.svg": lambda: signed(netspec.draw("densenet121"), ".svg"),
    "pictures/gpt2.svg": lambda: signed(netspec.draw("gpt2"), ".svg"),
    "pictures/tiny.svg": lambda: signed(netspec.draw(first_network()), ".svg"),
    "pictures/yolov8n.svg": lambda: signed(netspec.draw("yolov8n"), ".svg"),
    "../README.md": lambda: readme_page(README.read_text(encoding="utf-8")),
}
"""What is generated, by its path in this folder."""


def main() -> None:
    """Write every generated file."""
    for name, page in PAGES.items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(), encoding="utf-8")
        print(f"wrote {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}")


if __name__ == "__main__":
    main()
