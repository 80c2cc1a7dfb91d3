"""Values as YAML on one line, in flow style."""

from __future__ import annotations

import json


def flow(value: object) -> str:
    """Return a value as YAML on one line.

    Example:
        >>> flow({"kernel": 3, "bias": False, "act": None})
        '{kernel: 3, bias: false, act: null}'
    """
    import yaml

    plain = json.loads(json.dumps(value))
    text: str = yaml.safe_dump(plain, default_flow_style=True, width=2**20, allow_unicode=True, sort_keys=False)
    return text.removesuffix("...\n").rstrip("\n")
