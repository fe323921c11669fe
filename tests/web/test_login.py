"""Signing in and out through the pages."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.web.conftest import PASSWORD, sign_in, token_in


def test_try(site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    admin = client_of("admin")
    print(admin.get("/", follow_redirects=True).get_data(as_text=True))
    for path in ("/accounts", "/accounts/new", "/account/sessions", "/account/password", "/help", "/nix", "/metrics", "/readyz"):
        a = admin.get(path)
        print(path, a.status_code, len(a.data))
    print(a.get_data(as_text=True), dict(a.headers))
