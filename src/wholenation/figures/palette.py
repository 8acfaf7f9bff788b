"""Colours that colour-blind readers and grey printers keep apart.

Categories: Okabe and Ito (2008), in an order in which neighbours differ in lightness too. Amounts: a scale of one
direction from pale sand to dark blue whose lightness falls steadily, so that it survives a black-and-white printer.
"""

from __future__ import annotations

INK = "#1b1f24"
MUTED = "#57606a"
RULE = "#d0d7de"
PALE = "#f3f4f6"
PAPER = "#ffffff"
LAND = "#e7e9ec"

BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
ORANGE = "#e69f00"
SKY = "#56b4e9"
PURPLE = "#cc79a7"
YELLOW = "#f0e442"
GREY = "#8c959f"

CATEGORIES = (BLUE, ORANGE, GREEN, SKY, VERMILION, YELLOW, PURPLE, GREY)

# Anchors of the cividis map (Nuñez, Anderton & Renslow 2018), read from light to dark: more is darker.
AMOUNTS = ("#fdf3c7", "#e6cf6a", "#bdaf70", "#928f78", "#6c7079", "#45526d", "#1c3a70", "#00224e")


def amount(value: float) -> str:
    """The colour of a number in [0, 1]: pale is little, dark is much.

    >>> amount(0.0), amount(1.0), amount(7.0)
    ('#fdf3c7', '#00224e', '#00224e')
    """
    place = min(max(value, 0.0), 1.0) * (len(AMOUNTS) - 1)
    left = min(int(place), len(AMOUNTS) - 2)
    return mix(AMOUNTS[left], AMOUNTS[left + 1], place - left)


def mix(first: str, second: str, part: float) -> str:
    """`first` with `part` of `second` in it."""
    pairs = zip(_channels(first), _channels(second), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02x}" for a, b in pairs)


def ink_on(colour: str) -> str:
    """Black or white, whichever stands out more on `colour` (WCAG relative luminance)."""
    linear = [(c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4) for c in _channels(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if luminance > 0.18 else PAPER


def categories(names: list[str]) -> dict[str, str]:
    """A colour for each name in the order given; from the eighth on they share the grey."""
    return {name: CATEGORIES[min(i, len(CATEGORIES) - 1)] for i, name in enumerate(names)}


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
