"""What is declared to those who install netspec agrees with what the tests run on."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name: str) -> dict[str, str]:
    """Return the exact versions of a file of requirements, by package."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").splitlines()
    return {
        package.lower(): version for package, _, version in (line.partition("==") for line in lines if "==" in line)
    }


def bounds() -> dict[str, str]:
    """Return the lowest versions that the package, its extra and its tests declare, by package."""
    extras = PROJECT["optional-dependencies"]
    declared = [*PROJECT["dependencies"], *extras["torch"], *extras["test"]]
    matches = [re.fullmatch(r"([\w-]+)>=([\d.]+)(,<[\d.]+)?", requirement) for requirement in declared]
    assert all(matches), declared
    return {match[1]: match[2] for match in matches if match}


def test_the_lowest_versions_are_the_declared_ones() -> None:
    assert pins("lowest.txt") | pins("torch.txt") == bounds()


def test_pinned_versions_are_allowed() -> None:
    pinned = pins("versions.txt") | pins("torch.txt")
    for package, lowest in bounds().items():
        assert [*map(int, pinned[package].split("."))] >= [*map(int, lowest.split("."))], package


def test_who_installs_torch_with_netspec_gets_no_warning_from_torch() -> None:
    """Without numpy, torch warns when it is imported, which netspec can silence for itself but not for programs."""
    assert [each.partition(">")[0] for each in PROJECT["optional-dependencies"]["torch"]] == ["torch", "numpy"]
