"""二维码: printed as a drawing by a template, and nothing beside it is."""

from __future__ import annotations

from markupsafe import escape

from casemgr.reports import qr


def test_a_template_prints_the_drawing_and_escapes_what_is_said_in_it() -> None:
    drawing = qr.svg("otpauth://totp/x?secret=ABC", '"><script>')
    assert escape(drawing) == drawing
    assert "<script>" not in drawing
    assert drawing.startswith('<svg class="qr"')
    assert str(escape(str(drawing) + "<b>")).startswith("&lt;svg")
