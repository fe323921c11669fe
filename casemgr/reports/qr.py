"""二维码: a short text as a drawing that phones read, without style attributes."""

from __future__ import annotations

from html import escape

import segno

#: Blank squares around the code; readers need them.
BORDER = 4


class Drawing(str):
    """SVG made here, of squares only; a template prints it as it is, as it would no other text."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def svg(text: str, described: str) -> Drawing:
    """``text`` as an SVG drawing of a QR code; ``described`` is read to those who cannot see it."""
    code = segno.make(text, error="m", micro=False)
    size = code.symbol_size(border=BORDER)[0]
    squares = "".join(
        f"M{x + BORDER} {y + BORDER}h1v1h-1z"
        for y, row in enumerate(code.matrix)
        for x, dark in enumerate(row)
        if dark
    )
    return Drawing(
        f'<svg class="qr" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" '
        f'aria-label="{escape(described)}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        f'<path fill="#000" d="{squares}"/></svg>'
    )
