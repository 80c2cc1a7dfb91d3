"""Python's search for garbage: paused where much is built, and resumed as it was found."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

import netspec
from netspec.garbage import collection_paused


@pytest.fixture(autouse=True)
def collection() -> Iterator[None]:
    """Leave the search on after a test, whatever the test did."""
    yield
    gc.enable()


def test_a_search_that_the_caller_disabled_stays_disabled() -> None:
    gc.disable()
    with collection_paused():
        pass
    assert not gc.isenabled()


def test_the_outermost_block_resumes_the_search() -> None:
    with collection_paused():
        with collection_paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_resumes_the_search() -> None:
    with pytest.raises(netspec.SpecError):
        netspec.compile("no_such_network")
    assert gc.isenabled()


@pytest.mark.parametrize("work", [netspec.compile, netspec.source])
def test_nothing_is_searched_while_much_is_built(work: Callable[[str], object]) -> None:
    work("lenet5_modern")  # imports what it needs
    searches: list[str] = []
    gc.callbacks.append(lambda phase, _: searches.append(phase))
    threshold = gc.get_threshold()
    gc.set_threshold(1)  # every other object starts a search: several thousand of them
    try:
        work("lenet5_modern")
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.pop()
    assert len(searches) < 50
