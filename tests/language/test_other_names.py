"""The table of other libraries' words: every hint names something that exists, and is given where it helps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netspec.cli.group import COMMANDS
from netspec.diagnostics import Code, Diagnostic, SpecError
from netspec.language.combinators import COMBINATORS
from netspec.language.loading.library import library
from netspec.language.model import STEP_KEYS
from netspec.language.other_keys import DOCUMENT_KEYS
from netspec.language.other_keys import STEP_KEYS as OTHER_STEP_KEYS
from netspec.language.other_names import ARGUMENTS, STEPS, suggest_argument, suggest_step
from netspec.language.parsing.header import Header
from netspec.ops import OPS
from netspec.pipeline import compile_graph
from netspec.syntax.yaml import read

KNOWN = [*OPS, *COMBINATORS, *library()]
DOCUMENT = [info.alias or name for name, info in Header.model_fields.items()]
MODELS = (*OPS.values(), *COMBINATORS.values())
ARGUMENTS_OF = [list(each.model_fields) for each in MODELS] + [list(each.parameters) for each in library().values()]
FIELDS = {name for each in ARGUMENTS_OF for name in each}


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(network: str, head: str = "input: [4, 8, 8]\n") -> tuple[Diagnostic, ...]:
    Path("net.yaml").write_text(f"netspec: 1\n{head}network:\n  {network}\n", encoding="utf-8")
    try:
        return compile_graph("net.yaml").warnings
    except SpecError as error:
        return error.diagnostics


def snippets(sentence: str) -> list[str]:
    return re.findall(r"`([^`]+)`", sentence)


def exists(snippet: str) -> bool:
    """Return whether what a hint shows is a name of the language, a command, or compiles as it stands."""
    if snippet in (*KNOWN, *STEP_KEYS, "x", "--plugin"):
        return True
    if snippet.startswith("netspec "):
        return snippet.split()[1] in COMMANDS
    tree = read(snippet, "hint")
    (key,) = tree if isinstance(tree, dict) else (snippet,)
    if key in DOCUMENT:
        return key != "input" or not said("- relu", f"{snippet}\n")
    if key in STEP_KEYS:
        return not [each for each in said(f"- {{conv: {{out: 4, kernel: 1}}, {snippet}}}") if each.severity == "error"]
    vector = key in ("lstm", "attention", "transformer_layer")
    return not said(f"- {snippet.removeprefix('- ')}", "input: [4, 8]\n" if vector else "input: [4, 8, 8]\n")


def meanings() -> list[tuple[str, str]]:
    found = [*STEPS.items(), *OTHER_STEP_KEYS.items(), *DOCUMENT_KEYS.items()]
    for word, meaning in ARGUMENTS.items():
        found += [(word, each) for each in ((meaning,) if isinstance(meaning, str) else meaning)]
    return [(word, meaning) for word, meaning in found if not meaning.isidentifier()]


@pytest.mark.parametrize(("word", "sentence"), meanings(), ids=lambda each: each[:20])
def test_a_sentence_shows_only_what_there_is(word: str, sentence: str) -> None:
    assert all(map(exists, snippets(sentence))), sentence


@pytest.mark.parametrize("word", STEPS)
def test_a_step_of_another_library_is_told_by_its_name(word: str) -> None:
    meaning = STEPS[word]
    assert not meaning.isidentifier() or meaning in KNOWN
    assert word == word.lower() and "_" not in word
    if word in KNOWN or word == "null":
        return
    (only,) = said(f"- {word}")
    assert only.code == Code.UNKNOWN_STEP and meaning in only.help


SPELLINGS = {
    "nn.BatchNorm2d": "bn", "BatchNormalization": "bn", "Conv2d": "conv", "tf.keras.layers.Conv2D": "conv",
    "MaxPool2D": "maxpool", "Dense": "linear", "GlobalAveragePooling2D": "global_avgpool", "ReLU": "relu",
    "LeakyReLU": "leaky_relu", "AdaptiveAvgPool2d": "adaptive_avgpool", "nn.Linear": "linear", "GRU": "gru",
    "PixelShuffle": "pixel_shuffle", "ConvTranspose2d": "conv_transpose", "SeparableConv2D": "separable_conv",
    "UpSampling2D": "upsample", "bmm": "matmul",
    "chunk": "split", "ard": "add", "cnov": "conv", "concta": "concat", "LogSoftmax": "log_softmax",
}  # fmt: skip


@pytest.mark.parametrize("word", SPELLINGS)
def test_a_spelling_is_known_by_its_word(word: str) -> None:
    assert suggest_step(word, KNOWN) == f"did you mean '{SPELLINGS[word]}'?"


@pytest.mark.parametrize("word", ARGUMENTS)
def test_an_argument_of_another_library_is_told_by_its_name(word: str) -> None:
    meaning = ARGUMENTS[word]
    names = (meaning,) if isinstance(meaning, str) else meaning
    assert {each for each in names if each.isidentifier()} <= FIELDS
    assert any(suggest_argument(word, each) for each in ARGUMENTS_OF if word not in each)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        ("conv: {out_channels: 4, kernel: 1}", "out"), ("conv: {filters: 4, kernel: 1}", "out"),
        ("linear: {units: 4}", "out"), ("linear: {out_features: 4}", "out"), ("maxpool: {pool_size: 2}", "kernel"),
        ("conv: {out: 4, kernel_size: 1}", "kernel"), ("upsample: {scale_factor: 2}", "scale"),
        ("dropout: {rate: 0.5}", "p"), ("lstm: {units: 3}", "hidden"), ("attention: {num_heads: 2}", "heads"),
        ("bottleneck: {planes: 4}", "out"), ("softmax: {dim: 1}", "axis"), ("ln: {elementwise_affine: true}", "affine"),
    ],
)  # fmt: skip
def test_a_required_argument_by_another_name_is_one_error(step: str, name: str) -> None:
    (only,) = said(f"- {step}")
    assert (only.code, only.help) == (Code.UNKNOWN_ARGUMENT, f"did you mean '{name}'?")


def test_what_has_no_counterpart_is_explained() -> None:
    (inferred,) = said("- conv: {in_channels: 4, out: 4, kernel: 1}")
    assert inferred.help == "leave it out: it is inferred from the input"
    for step in ("conv: {out: 4, kernel: 1, activation: relu}", "conv: {out: 4, kernel: 1}\n    activation: relu"):
        (only,) = said(f"- {step}")
        assert only.help == "make it a step of its own, as in `- relu`"


@pytest.mark.parametrize("key", OTHER_STEP_KEYS)
def test_a_key_beside_a_step_is_told_by_its_name(key: str) -> None:
    meaning = OTHER_STEP_KEYS[key]
    assert not meaning.isidentifier() or meaning in (*STEP_KEYS, "body")
    step = "repeat: 2" if meaning == "body" else "conv: {out: 4, kernel: 1}"
    found = [each for each in said(f"- {step}\n    {key}: [relu]") if each.code == Code.UNKNOWN_STEP]
    assert [meaning in each.help for each in found] == [True]


@pytest.mark.parametrize("key", DOCUMENT_KEYS)
def test_a_key_of_a_document_is_told_by_its_name(key: str) -> None:
    meaning = DOCUMENT_KEYS[key]
    assert not meaning.isidentifier() or meaning in DOCUMENT
    found = [each for each in said("- relu", f"{key}: 3\ninput: [4]\n") if each.code == Code.UNKNOWN_DOCUMENT_KEY]
    assert [meaning in each.help for each in found] == [True]
