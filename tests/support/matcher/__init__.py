"""An oracle for parity: are two modules, from whatever code, the same network?"""

from tests.support.matcher.canonical import CanonicalGraph
from tests.support.matcher.comparison import assert_equal_networks
from tests.support.matcher.matcher import Correspondence, Mismatch, match
from tests.support.matcher.tracing import trace

__all__ = ["CanonicalGraph", "Correspondence", "Mismatch", "assert_equal_networks", "match", "trace"]
