"""How the pictures of the reports look: colours, lines, and what a file says of itself.

The colours are those of Okabe and Ito, which the colour-blind can distinguish.
"""

from __future__ import annotations

from typing import Any

BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
INK, GREY = "#333333", "#666666"

RC: dict[Any, Any] = {
    # With this, and without the metadata below, the same figures give the same bytes.
    "svg.hashsalt": "text-classifier",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "grid.color": "#E3E3E3",
    "legend.frameon": False,
    "figure.facecolor": "white",
}
"""matplotlib's settings, for `matplotlib.rc_context`."""

METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}
"""What `savefig` is to leave out of a file, by its form."""
