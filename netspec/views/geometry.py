"""Rectangles and coordinates of all pictures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A rectangle on the page, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Pixels from top to bottom."""
        return self.bottom - self.top


def number(value: float) -> str:
    """Return a coordinate with at most two digits after the point.

    Example:
        >>> number(12.0), number(3.14159), number(-0.001)
        ('12', '3.14', '0')
    """
    # The last digits of a sine differ between machines, and a hundredth of a pixel is invisible.
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
