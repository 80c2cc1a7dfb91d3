"""Large numbers in a readable form."""

from __future__ import annotations


def show_count(count: int) -> str:
    """Return a number with its first digits and a unit.

    Example:
        >>> show_count(1814073344), show_count(640)
        ('1.81 G', '640')
    """
    amount, units = float(count), ["", " k", " M", " G", " T", " P", " E"]
    # From 999.5 on, three digits would be rounded to 1e+03.
    while amount >= 999.5 and len(units) > 1:
        amount /= 1000
        units.pop(0)
    return f"{amount:.3g}{units[0]}" if amount < 999.5 else f"{amount:.0f}{units[0]}"
