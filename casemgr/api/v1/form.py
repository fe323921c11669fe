"""表单: the official forms with their schemas, so that a phone or another system asks what the pages ask."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.forms import json_schema
from casemgr.forms.form import Form
from casemgr.rules.access import Access, Action
from casemgr.services import printing

chapter = Chapter("表单")


class FormHead(f.Shape):
    """One official form in one version."""

    name = f.text()
    version = f.text()
    table = f.text()
    title = f.text()
    since = f.day()
    newest = f.flag()
    unverified = f.flag()


class Forms(f.Shape):
    """All official forms, each version, the newest first."""

    items = f.many(FormHead)
    total = f.whole()


class Step(f.Shape):
    """A section: on a phone one screen."""

    step = f.whole()
    key = f.text()
    title = f.text()
    items = f.texts()


class FormSchema(FormHead):
    """A form with its sections and its JSON Schema (draft 2020-12)."""

    sections = f.many(Step)
    schema = fields.Dict(required=True)


class VersionQuery(f.Strict):
    """Which version; the newest when not given."""

    version = f.Text(longest=16, load_default="")


def _head(form: Form) -> dict[str, Any]:
    return {
        "name": form.name,
        "version": form.version,
        "table": form.table,
        "title": form.title,
        "since": form.since,
        "newest": printing.form_of(form.name) is form,
        "unverified": form.unverified,
    }


@chapter.get("/forms", action=Action.FORM_PRINT, answer=Forms)
def list_(access: Access, asked: Asked) -> dict[str, Any]:
    """官方表单及其版本，按国家编号排列."""
    found = [_head(form) for form in printing.catalogue(access)]
    return {"items": found, "total": len(found)}


@chapter.get("/forms/{name}", action=Action.FORM_PRINT, query=VersionQuery, answer=FormSchema)
def read(access: Access, asked: Asked) -> dict[str, Any]:
    """一张表的项目、选项和填写条件；不指定版本时为最新版."""
    form = printing.read(access, asked.path["name"], asked.query["version"] or None)
    sections = [
        {
            "step": section.step,
            "key": section.key,
            "title": section.title,
            "items": [each.key for each in section.fields],
        }
        for section in form.sections
    ]
    return {**_head(form), "sections": sections, "schema": json_schema.schema(form)}
