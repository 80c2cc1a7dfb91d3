"""What the page of the networks says of their proofs, against the tests that pytest collects: both ways."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from functools import cache

from docs.proofs import LAWS, UNTRACED, laws, other_readings, part_figures, references
from netspec.language import load
from netspec.language.loading.files import shipped_names
from tests.support.paths import ROOT

GENERAL = {
    "test_star_stands_for_every_module_of_a_stage",
    "test_unknown_place_is_no_place",
    "test_part_has_its_published_size",  # of the networks in figures.yaml
    "test_network_is_as_deep_as_its_name_says",  # of all whose name says it
    "test_notes_say_how_alpha_of_local_response_normalization_is_meant",  # of all
}
"""Tests in files of laws that are no law of the networks that they name, or name none."""


@cache
def collected() -> dict[str, list[str]]:
    """Return the parameters of every test of the zoo, by the name of the test."""
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "--collect-only", "-q", "tests/zoo"]
    ignored = ["--ignore=tests/zoo/matcher", "--ignore=tests/zoo/test_proofs.py"]
    found = subprocess.run([*command, *ignored], cwd=ROOT, capture_output=True, text=True, check=True)
    tests: dict[str, list[str]] = defaultdict(list)
    for name, parameters in re.findall(r"^tests/zoo/\S+?::(\w+)(?:\[(.*)\])?$", found.stdout, re.MULTILINE):
        tests[name].append(parameters)
    return tests


def test_every_network_is_compiled_and_built() -> None:
    assert set(collected()["test_document"]) == set(collected()["test_network"]) == set(shipped_names())


def test_every_reference_is_compared() -> None:
    named = {(name, library) for name in shipped_names() for library, _ in references(load(name))}
    traced = {f"{name}-{library}" for name, library in named if library != "transformers" and name not in UNTRACED}
    for test in ("test_structure_equals_the_reference", "test_outputs_equal_the_reference"):
        assert set(collected()[test]) == traced, test
    configured = {name for name, library in named if library == "transformers"}
    assert set(collected()["test_outputs_equal_those_of_transformers"]) == configured
    keyed = {name for name in shipped_names() if load(name).reference.get("keys") == "torchvision"}
    assert set(collected()["test_checkpoints_of_torchvision_load"]) == keyed
    settings = {f"{network}-{equal}" for network, _, equal in other_readings()}
    assert set(collected()["test_other_readings_are_settings"]) == settings


def test_figures_of_parts_are_compared() -> None:
    rows = {re.split("[@:]", each)[0] for each in collected()["test_part_has_its_published_size"]}
    assert rows == set(part_figures())


def test_every_test_of_one_network_is_run_and_named() -> None:
    named = {(network, test) for network, tests in laws().items() for test in tests}
    assert {test for _, test in named} <= collected().keys()
    run = {
        (network, test)
        for test, parameters in collected().items()
        if test in functions() - GENERAL
        for each in parameters
        for network in re.split(r"[-@: ]", each)
        if network in shipped_names()
    }
    assert run <= named


def functions() -> set[str]:
    """Return the tests in the files of laws."""
    texts = ((ROOT / "tests" / "zoo" / name).read_text(encoding="utf-8") for name in LAWS)
    return {name for text in texts for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE)}
