"""长效针剂: what the product list says for sure."""

from __future__ import annotations

from casemgr.terms.injection import Site, products


def test_products_by_code() -> None:
    found = products()
    assert len(found) == 18
    assert all(code == product.id and len(code) <= 24 for code, product in found.items())
    assert found["PP1M"].strengths_ug == {25_000, 50_000, 75_000, 100_000, 150_000}
    assert found["PP1M"].sites == {Site.DELTOID, Site.GLUTEAL}
    assert found["RLAI"].strengths_ug == {25_000, 37_500, 50_000}


def test_what_is_not_verified_is_not_known() -> None:
    assert products()["FLUD"].sites == frozenset()
    assert products()["OLAN_PAM"].strengths_ug == frozenset()
    assert products()["HALD"].sites == frozenset()
    assert products()["HALD"].strengths_ug == frozenset()
