"""A small canvas for charts: SVG that takes its colours from style classes.

On a page the classes read CSS variables, so that charts follow the light or dark theme; in a file of its own
the chart carries the light palette. Text that a user chose is escaped here.
"""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

from evenface.report.text import clean

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b2430",
    "muted": "#566070",
    "grid": "#dfe4ea",
    "band": "#e9edf2",
    "blue": "#0b63a5",
    "orange": "#ad4500",
}
DARK = {
    "paper": "#12161c",
    "ink": "#e8ebf0",
    "muted": "#a9b3c0",
    "grid": "#333c47",
    "band": "#232b35",
    "blue": "#6db7ef",
    "orange": "#f29b5c",
}

HUES = 8  # colours that tell kinds of dots apart
_LIGHT_HUES = ("#0b63a5", "#c04e00", "#3f7d20", "#8a3fa0", "#a8780a", "#5b6573", "#b3174f", "#00808a")
_DARK_HUES = ("#6db7ef", "#f29b5c", "#8ecb6a", "#cf9be0", "#e3c04f", "#a9b3c0", "#f583a9", "#4fd0d8")
LIGHT |= {f"hue{i}": hue for i, hue in enumerate(_LIGHT_HUES)}
DARK |= {f"hue{i}": hue for i, hue in enumerate(_DARK_HUES)}

RULES = {
    "t": "font-size:12px;fill:{ink}",
    "s": "font-size:11px;fill:{muted}",
    "xs": "font-size:10px;fill:{muted}",
    "xi": "font-size:10px;fill:{ink}",
    "si": "font-size:11px;fill:{ink}",
    "h": "font-size:13px;font-weight:600;fill:{ink}",
    "b": "font-weight:600",
    "grid": "stroke:{grid};stroke-width:1",
    "ref": "stroke:{muted};stroke-width:1;stroke-dasharray:3 3",
    "mean": "stroke:{ink};stroke-width:1",
    "band": "fill:{band}",
    "ci": "stroke:{blue};stroke-width:3",
    "wide": "stroke:{blue};stroke-width:1",
    "dot": "fill:{blue};stroke:{paper};stroke-width:1",
    "worst": "fill:{orange};stroke:{paper};stroke-width:1",
    "worst-line": "stroke:{orange}",
    "open": "fill:{paper};stroke:{blue};stroke-width:1.5",
    "line": "fill:none;stroke:{blue};stroke-width:1.5",
    "above": "fill:{blue}",
    "below": "fill:{orange}",
    "cell": "fill:none;stroke:{grid};stroke-width:1",
    "small": "fill:none;stroke:{muted};stroke-width:1;stroke-dasharray:3 3",
    "strong": "fill:none;stroke:{ink};stroke-width:1.5",
}
RULES |= {f"c{i}": f"fill:{{hue{i}}};fill-opacity:.75" for i in range(HUES)}
FONT = "Inter,'Helvetica Neue',Arial,'Liberation Sans','DejaVu Sans',sans-serif"

STRONGEST = 0.6  # opacity of the strongest colour: ink on it stays readable in both themes
_MARGIN = 12  # around a chart in a file of its own


def stylesheet(scope: str, colours: dict[str, str]) -> str:
    """Write the chart classes as CSS below the selector `scope`, with these colours."""
    rules = [f"{scope} .{name}{{{body.format_map(colours)}}}" for name, body in RULES.items()]
    return f"{scope} text{{font-family:{FONT}}}" + "".join(rules)


def escape(text: str) -> str:
    """Make text harmless as XML content or attribute."""
    return html.escape(clean(text))


def cut(text: str, room: int) -> str:
    """Shorten text to `room` characters, with an ellipsis."""
    text = clean(text)
    return text if len(text) <= room else text[: max(1, room - 1)] + "…"


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart.

    Attributes:
        name: File name without ending.
        title: What is shown, in plain text.
        alt: What is to be seen, for those who cannot.
        body: SVG elements.
        width: In CSS pixels.
        height: In CSS pixels.
        by: The grouping shown, or an empty string.
    """

    name: str
    title: str
    alt: str
    body: str
    width: float
    height: float
    by: str = ""

    def inline(self) -> str:
        """The `<svg>` element for a page that has the chart classes."""
        return (
            f'<svg class="chart" role="img" aria-label="{escape(self.alt)}" width="{self.width:g}" '
            f'height="{self.height:g}" viewBox="0 0 {self.width:g} {self.height:g}">{self.body}</svg>'
        )

    def standalone(self) -> str:
        """The chart as a file of its own, in the light theme."""
        width, height = self.width + 2 * _MARGIN, self.height + 2 * _MARGIN
        frame = f'x="{-_MARGIN}" y="{-_MARGIN}" width="{width:g}" height="{height:g}"'
        return (
            f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(self.alt)}" '
            f'viewBox="{-_MARGIN} {-_MARGIN} {width:g} {height:g}" width="{width:g}" height="{height:g}">'
            f"<style>{stylesheet('.chart', LIGHT)}</style>"
            f'<rect {frame} fill="{LIGHT["paper"]}"/>{self.body}</svg>'
        )


class Canvas:
    """Collects SVG elements; coordinates are CSS pixels from the top left."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, style: str = "t", *, anchor: str = "start", hint: str = "") -> None:
        """Write text with its baseline at (x, y); `hint` is shown on hover and read aloud."""
        title = f"<title>{escape(hint)}</title>" if hint and hint != text else ""
        where = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"{where}>{escape(text)}{title}</text>')

    def slanted(self, x: float, y: float, text: str, style: str = "s", *, hint: str = "") -> None:
        """Write text that rises to the right from (x, y)."""
        title = f"<title>{escape(hint)}</title>" if hint and hint != text else ""
        self.parts.append(
            f'<text class="{style}" transform="translate({x:.1f},{y:.1f}) rotate(-40)">{escape(text)}{title}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """Draw a straight line."""
        self.parts.append(f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def rect(self, x: float, y: float, width: float, height: float, style: str, *, opacity: float = 1.0) -> None:
        """Draw a rectangle; `opacity` is of its filling."""
        fill = "" if opacity == 1 else f' fill-opacity="{opacity:.2f}"'
        self.parts.append(
            f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"{fill}/>'
        )

    def shade(self, x: float, y: float, width: float, height: float, off: float, reach: float) -> None:
        """Colour a cell: blue above, orange below what it is compared with; at `reach` the colour is strongest."""
        self.rect(x, y, width, height, "above" if off >= 0 else "below", opacity=STRONGEST * abs(off) / reach)

    def circle(self, x: float, y: float, radius: float, style: str) -> None:
        """Draw a circle."""
        self.parts.append(f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>')

    def diamond(self, x: float, y: float, radius: float, style: str) -> None:
        """Draw a square that stands on its corner."""
        side = f"{radius:g}"
        path = f"M{x - radius:.1f} {y:.1f}l{side} -{side} {side} {side} -{side} {side}z"
        self.parts.append(f'<path class="{style}" d="{path}"/>')

    def polyline(self, points: list[tuple[float, float]], style: str) -> None:
        """Draw straight lines from point to point."""
        self.parts.append(f'<polyline class="{style}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')

    def done(self) -> str:
        """All elements, in the order drawn."""
        return "".join(self.parts)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to pixels, straight.

    Attributes:
        low: Value at pixel `start`.
        high: Value at pixel `end`.
        start: Pixel.
        end: Pixel.
    """

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Give the pixel of a value; values outside are held at the edge."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    def ticks(self) -> list[float]:
        """Give three to six round values inside the scale."""
        span = self.high - self.low
        for step in (base * 10.0**power for power in range(-6, 7) for base in (1, 2, 5)):
            if span / step <= 5:
                first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
                return [round(i * step, 9) for i in range(first, last + 1)]
        return [self.low, self.high]
