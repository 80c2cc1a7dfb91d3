"""An oracle for parity: are two modules, from whatever code, the same network?"""

from .canonical import CanonicalGraph
from .comparison import assert_equal_networks
from .matcher import Correspondence, Mismatch, match
from .tracing import trace

__all__ = ["CanonicalGraph", "Correspondence", "Mismatch", "assert_equal_networks", "match", "trace"]
