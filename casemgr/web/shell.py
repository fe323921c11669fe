"""页面框架: what every page shows around its content (辖区、菜单、显示设置、演示提示)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, request, url_for
from werkzeug.routing import BuildError
from werkzeug.wrappers import Response

from casemgr import __version__
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.account import SignedIn
from casemgr.terms.account import Role
from casemgr.terms.person import alias_of
from casemgr.web.guard import cookie_name

PRODUCT = "严重精神障碍患者管理"
VIEW_COOKIE = "casemgr-view"
VIEW_AGE = 366 * 24 * 3600
DENSITIES = (("compact", "紧凑"), ("standard", "标准"), ("loose", "宽松"))

#: Where each role begins.
HOME = {
    Role.COUNTY_OFFICER: "county.page",
    Role.TOWNSHIP_DOCTOR: "work.page",
    Role.ADMINISTRATOR: "account.list_",
    Role.UNIT_HEAD: "work.page",
    Role.HEALTH_BUREAU: "county.page",
    Role.CITY_OFFICER: "county.page",
    Role.SECURITY_ADMINISTRATOR: "certification.list_",
    Role.AUDIT_ADMINISTRATOR: "audit.page",
}
#: Pages that belong to an entry of the menu with another noun.
CHAPTERS = {
    "search": "case",
    "visit": "case",
    "incident": "case",
    "emergency": "case",
    "referral": "case",
    "care": "case",
    "clue": "case",
    "notice": "case",
    "registration": "case",
    "state": "case",
    "transfer": "case",
    "question": "case",
    "sheet": "case",
    "contact": "work",
    "township": "county",
    "closing": "county",
    "edition": "county",
    "glass": "work",
    "rate": "county",
    "fact": "county",
    "pattern": "county",
    "comparison": "sharing",
    "data_request": "sharing",
    "impact": "sharing",
    "benefit": "sharing",
    "subsidy": "sharing",
    "group_meeting": "sharing",
    "ledger": "sharing",
    "partner": "sharing",
    "post": "sharing",
    "hospital": "case",
}
#: (label, endpoint, action that must be allowed); an entry whose page does not exist is left out.
MENU = (
    ("待办", "work.page", Action.DUTY_READ),
    ("患者", "case.list_", Action.CASE_LIST),
    ("药品", "medicine.page", Action.MEDICINE_READ),
    ("针剂", "injection.calendar", Action.INJECTION_READ),
    ("导入", "exchange.page", Action.EXCHANGE_PREVIEW),
    ("审批", "approval.list_", Action.EXPORT_APPROVE),
    ("报表", "report.list_", Action.REPORT_READ),
    ("表单", "form.list_", Action.FORM_PRINT),
    ("对外提供", "sharing.page", Action.SHARING_READ),
    ("权利", "rights.list_", Action.RIGHTS_READ),
    ("查阅核对", "misuse.page", Action.MISUSE_READ),
    ("审计", "audit.page", Action.AUDIT_LIST),
    ("任务", "job.list_", Action.JOB_READ),
    ("账号", "account.list_", Action.ACCOUNT_MANAGE),
    ("账号复核", "certification.list_", Action.ACCOUNT_CERTIFY),
    ("披露矩阵", "matrix.page", Action.ACCESS_CHANGE),
    ("保存期限", "retention.page", Action.RETENTION_LIST),
)


@dataclass(frozen=True, slots=True)
class ViewChoice:
    """How the reader wants to read: height of rows, and the large view for tired or older eyes."""

    density: str = "standard"
    large: bool = False
    #: Names as 姓+某, for a screen that others see too.
    alias: bool = False

    @property
    def classes(self) -> str:
        return f"{self.density} large" if self.large else self.density

    @property
    def densities(self) -> tuple[tuple[str, str], ...]:
        return DENSITIES

    @property
    def text(self) -> str:
        return f"{self.density}.{int(self.large)}.{int(self.alias)}"

    @classmethod
    def read(cls, text: str) -> ViewChoice:
        """The choice written in ``text``; anything unreadable is the usual view."""
        density, large, alias = (*text.split("."), "", "")[:3]
        known = density if density in dict(DENSITIES) else "standard"
        return cls(known, large == "1", alias == "1")


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the main menu."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Shell:
    """Everything the frame of a page needs; templates know it as ``shell``."""

    product: str
    version: str
    place: str
    person: str
    role: str
    home: str
    menu: tuple[MenuItem, ...]
    view: ViewChoice
    demo: bool
    fixed_day: dt.date | None
    idle: int
    here: str
    request_id: str
    signed_in: bool
    admits: bool
    #: Until when a second factor has to be set up, while that is still a choice.
    factor_until: dt.datetime | None
    last_day: dt.date | None
    glass_until: dt.datetime | None
    breaks_glass: bool


def _link(endpoint: str) -> str:
    try:
        return url_for(endpoint)
    except BuildError:
        return ""


def home_of(person: SignedIn | None) -> str:
    """Address of the page where this person begins."""
    return (_link(HOME.get(person.role, "")) if person else "") or _link("home.page") or "/"


def _chapter(endpoint: str) -> str:
    noun = endpoint.split(".")[0]
    return CHAPTERS.get(noun, noun)


def _is_here(endpoint: str) -> bool:
    return _chapter(request.endpoint or "") == _chapter(endpoint)


def _menu(person: SignedIn | None) -> tuple[MenuItem, ...]:
    if person is None or person.must_change or person.factor_due(clock.now()):
        return ()
    start = HOME.get(person.role, "")
    entries: list[tuple[str, str, Action | None]] = list(MENU)
    if start == "work.page":
        entries[1:1] = [("指标", "township.page", Action.CASE_LIST)]
    elif start not in {"", *(one for _, one, action in MENU if person.access.may(action))}:
        entries[:0] = [("首页", start, None)]
    items = []
    for label, endpoint, action in entries:
        if (action is None or person.access.may(action)) and (url := _link(endpoint)):
            personal_page = request.endpoint in ("account.sessions", "account.password", "login.confirm")
            items.append(MenuItem(label, url, _is_here(endpoint) and not personal_page))
    return tuple(items)


def view_choice() -> ViewChoice:
    """What this browser has chosen."""
    return ViewChoice.read(request.cookies.get(cookie_name(VIEW_COOKIE), ""))


def called(name: str) -> str:
    """A name as this browser shows names: whole, or as 姓+某 on a screen that others see too."""
    return alias_of(name) if name and view_choice().alias else name


def remember_view(response: Response, choice: ViewChoice) -> None:
    """Keep the choice in this browser for a year; it says nothing about anybody."""
    response.set_cookie(
        cookie_name(VIEW_COOKIE),
        choice.text,
        max_age=VIEW_AGE,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )


def _glass_until(person: SignedIn | None) -> dt.datetime | None:
    """Until when somebody's file stands open in an emergency, ``None`` when none does."""
    until = person.glass_until if person else None
    return until if until is not None and clock.now() < until else None


def describe() -> Shell:
    """The frame for the page of this request."""
    config = current_app.config["CASEMGR"]
    person: SignedIn | None = g.get("person")
    return Shell(
        product=PRODUCT,
        version=__version__,
        place=person.area_name if person else "",
        person=person.display if person else "",
        role=person.role.label if person else "",
        home=home_of(person),
        menu=_menu(person),
        view=view_choice(),
        demo=bool(config.demo),
        fixed_day=config.today,
        idle=int(person.idle.total_seconds()) if person else 0,
        here=request.full_path.rstrip("?") if request.method == "GET" else "",
        request_id=g.get("request_id", ""),
        signed_in=person is not None,
        factor_until=person.factor_from if person and not person.factor_due(clock.now()) else None,
        admits=person is not None and person.access.may(Action.ACCOUNT_ADMIT),
        last_day=person.last_day if person else None,
        glass_until=_glass_until(person),
        breaks_glass=person is not None and person.access.may(Action.GLASS_BREAK),
    )


def install(app: Flask) -> None:
    """Give every template its ``shell``."""

    app.jinja_env.filters["called"] = called

    @app.context_processor
    def _shell() -> dict[str, Any]:
        return {"shell": describe()}
