"""账号: signing in and out, sessions, tokens for programs, and the administrator's accounts.

A session is a random 256-bit id that only the browser keeps; the database has a keyed digest of it. Passwords
are kept as Argon2id. Failed attempts are counted in the database, so that several processes share one count;
no account is ever locked for good, because that would let a stranger lock a doctor out.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from casemgr.rules.access import POSTS, WITH_TOKENS, Access, Action
from casemgr.rules.password import PUBLISHED, SHORTEST, SHORTEST_ALONE, weakness
from casemgr.rules.policy import in_force_on
from casemgr.rules.second_factor import asked_from
from casemgr.rules.standing import AccountDays, Standing, Use, use_on
from casemgr.services import account_person, clock, second_factor
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Throttled, Unauthenticated, Unfit
from casemgr.services.founding import reach_of
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.models.account import Account, ApiToken, LoginAttempt, LoginSession
from casemgr.store.queries import account as queries
from casemgr.store.queries import post as posts
from casemgr.store.work import SIGN_IN_TURN, Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, level_of

IDLE = timedelta(minutes=15)
IDLE_DEMO = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=8)
#: A session's last sign of life is written down at most this often.
TOUCH = timedelta(seconds=60)
SESSIONS_KEPT = 2
SESSIONS_KEPT_DEMO = 50
TOKEN_DAYS, TOKEN_DAYS_MOST = 90, 366
#: A token's last use is written down at most this often.
TOKEN_TOUCH = timedelta(hours=1)
SHORT_TOKENS_KEPT = 20
TOKEN_PREFIX = "cmt_"  # noqa: S105 - a prefix that lets scanners recognise leaked tokens, not a password

TRIES, TRIES_WITHIN = 5, timedelta(minutes=15)
SOURCE_TRIES, SOURCE_WITHIN = 30, timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=1)
REMEMBERED = timedelta(hours=24)

HASHES_AT_ONCE = 2
HASH_QUEUE_SECONDS = 10.0
LONGEST_PASSWORD = 128
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,39}")

#: 32 MiB and two passes take 50–150 ms on the machines this runs on.
_hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
_hash_places = threading.BoundedSemaphore(HASHES_AT_ONCE)

#: A demo county that became a real register still has the accounts that everybody can read about.
KNOWN_TO_ALL = (
    "这是演示账号的公开密码，谁都知道，正式登记库里不能用它登录。"
    "请系统管理员重置这个账号的密码，或在服务器上执行 flask account password 加登录名。"
)
WRONG_CODE = (
    "动态码不对，或已经用过。请等手机上换出下一个码再输入，并确认手机时间准确；"
    "手机不在身边可以输入一个恢复码，都没有请联系系统管理员重置动态码。"
)
ASK_CODE = "密码正确。请再输入手机上的 6 位动态码。"
#: How long after the password the code may come.
HALF_WAY = timedelta(minutes=5)
#: Accounts of other departments and of the health side each have their own door.
OTHER_DOOR = "这是卫生健康机构的账号，不能从部门联络入口登录。请打开本系统首页登录。"
DEPARTMENT_DOOR = "这是其他部门联络员的账号，请从部门联络入口（网址后加 /liaison/）登录。"
WRONG = "账号或密码不对。请核对后重试；如忘记密码，请联系系统管理员重置。"

#: Level of the area each role works over; ``None``: no area, hence no patient data.
#: A role that is not here is given to nobody.
AREA_OF_ROLE = {
    Role.TOWNSHIP_DOCTOR: AreaLevel.TOWNSHIP,
    Role.COUNTY_OFFICER: AreaLevel.COUNTY,
    Role.ADMINISTRATOR: None,
    Role.UNIT_HEAD: AreaLevel.TOWNSHIP,
    Role.HEALTH_BUREAU: AreaLevel.COUNTY,
    Role.CITY_OFFICER: AreaLevel.PREFECTURE,
    Role.SECURITY_ADMINISTRATOR: None,
    Role.AUDIT_ADMINISTRATOR: None,
    Role.POLICE: AreaLevel.TOWNSHIP,
    Role.CIVIL_AFFAIRS: AreaLevel.COUNTY,
    Role.DISABLED_FEDERATION: AreaLevel.COUNTY,
    Role.POLITICAL_LEGAL: AreaLevel.TOWNSHIP,
    Role.REHAB_BODY: AreaLevel.COUNTY,
    Role.VILLAGE_DOCTOR: AreaLevel.TOWNSHIP,
    Role.HOSPITAL: AreaLevel.COUNTY,
}
#: How the level of a role's area is called where one is chosen.
PLACES = {AreaLevel.TOWNSHIP: "乡镇（街道）", AreaLevel.COUNTY: "县（区）", AreaLevel.PREFECTURE: "市（州）"}
AT_POST = "村医和收治医院的账号随岗位建立，由县级在“岗位”页办理；这里只能改姓名，或停用、重置密码。"
NO_TOKENS = (
    "这个岗位没有程序接口，不能有令牌：令牌只给社区精防医生、单位负责人、县级精防、卫生健康行政和市级账号。"
    "管理员和其他部门请在网页上办理；需要接口的，请用相应岗位的账号。"
)
OWN_ROLE = "不能更改自己账号的角色和辖区，以免自己给自己授权。请由另一位系统管理员更改。"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The person behind a session or a token, as doors need it."""

    access: Access
    account: int
    login: str
    display: str
    role: Role
    area: int | None
    area_name: str
    must_change: bool
    large: bool
    session: int
    csrf: str
    idle: timedelta
    seen_at: datetime
    names_until: datetime | None
    names_purpose: str
    #: When this session last proved who it is.
    confirmed_at: datetime | None = None
    has_factor: bool = False
    #: From when on no page opens before a second factor is set up; ``None``: it has one, or needs none.
    factor_from: datetime | None = None
    #: The last day of this account, once it is near.
    last_day: date | None = None
    #: Until when somebody's file may be read in an emergency (紧急查看).
    glass_until: datetime | None = None

    def factor_due(self, now: datetime) -> bool:
        """Whether a second factor has to be set up before anything else."""
        return self.factor_from is not None and now >= self.factor_from


class CodeNeeded(Unauthenticated):
    """Login and password are right and a code is still to come; ``half`` proves so for a few minutes."""

    code = "code-needed"

    def __init__(self, half: str) -> None:
        super().__init__(ASK_CODE)
        self.half = half


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new session: ``token`` goes to the browser and is kept nowhere else."""

    token: str
    person: SignedIn


@dataclass(frozen=True, slots=True)
class SessionView:
    """One of a person's own sessions."""

    key: int
    begun_at: datetime
    seen_at: datetime
    source: str
    agent: str
    current: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account as the administrator sees it."""

    key: int
    login: str
    display: str
    role: Role
    area: int | None
    area_name: str
    active: bool
    must_change: bool
    created_at: datetime
    seen_at: datetime | None
    version: int
    use: Use
    valid_from: date | None
    valid_until: date | None
    certified_on: date | None
    factor_at: datetime | None = None
    staff_no: str = ""
    has_phone: bool = False


#: Who can sign in to an empty register: login, display name, role.
FIRST_ACCOUNTS = (
    ("xianji", "县级管理员", Role.COUNTY_OFFICER),
    ("guanli", "系统管理员", Role.ADMINISTRATOR),
)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A password or token that is shown once, and to whom it belongs."""

    account: int
    login: str
    secret: str


# --- passwords ------------------------------------------------------------------------------------


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


class _HashPlace:
    """One of the few places for hashing: each takes 32 MiB and a processor."""

    def __enter__(self) -> None:
        if not _hash_places.acquire(timeout=HASH_QUEUE_SECONDS):
            raise Throttled("同时登录的人太多，请过一会儿再试。您的密码没有被检查，也没有计入失败次数。")

    def __exit__(self, *_: object) -> None:
        _hash_places.release()


def hashed_of(password: str) -> str:
    """A password as it is kept."""
    with _HashPlace():
        return _hasher.hash(_normal(password))


@cache
def _nobody() -> str:
    """A hash that fits no password, so that an unknown login takes as long as a known one."""
    return _hasher.hash(secrets.token_urlsafe(32))


def _fits(stored: str, password: str) -> bool:
    with _HashPlace():
        try:
            return _hasher.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def new_password() -> str:
    """A password for a first login: 16 characters without those that are easily mistaken for one another."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def check_new_password(field: str, password: str, *known: str) -> None:
    """Raise :class:`Unfit` naming ``field`` when a new password is weak; ``known`` words would be guessed."""
    spelled = [identity.spelled(word) for word in known if not word.isascii()]
    if fault := weakness(_normal(password), (*known, *spelled), shortest_password()):
        raise Unfit("密码不符合要求。", fields={field: fault})


def normal_login(text: str) -> str:
    """A login as it is kept: half-width, without blanks around it, small letters."""
    return unicodedata.normalize("NFKC", text).strip().lower()


# --- signing in -----------------------------------------------------------------------------------


def by_machine(purpose: str) -> Access:
    """The access for what happens before anybody has signed in, audited as ``job:purpose``."""
    return Access.system(purpose)


_system = by_machine


def _digests(work: Work, purpose: str, text: str) -> list[bytes]:
    """Keyed digests of ``text`` under every key of the ring, the active one first."""
    return list(work.vault.macs(purpose, text.encode()))


def wait_after(failures: list[datetime], now: datetime) -> timedelta:
    """How long an account has to wait: nothing before five failures in 15 minutes, then 15, 30, 60 minutes.

    ``failures`` are the instants of the failed attempts of the last day, oldest first.
    """
    if len(failures) < TRIES or failures[-1] - failures[-TRIES] > TRIES_WITHIN * 2 ** (len(failures) - TRIES):
        return timedelta(0)
    wait = min(TRIES_WITHIN * 2 ** (len(failures) - TRIES), LONGEST_WAIT)
    left: timedelta = failures[-1] + wait - now
    return max(left, timedelta(0))


def _minutes(wait: timedelta) -> int:
    return max(1, -(-int(wait.total_seconds()) // 60))


@use_case(Action.ACCOUNT_SIGN_IN)
def reserve(work: Work, login: str, source: str, now: datetime) -> int:
    """Count an attempt before it is tried, so that many at once cannot slip through; its key."""
    work.take_turn(SIGN_IN_TURN)
    login_digest = work.vault.mac("login", login.encode())
    source_digest = work.vault.mac("source", source.encode())
    from_source = queries.attempts_from(work, _digests(work, "source", source), now - SOURCE_WITHIN)
    if len(from_source) >= SOURCE_TRIES:
        wait = from_source[-SOURCE_TRIES] + SOURCE_WITHIN - now
        raise Throttled(f"从这台电脑或这个网络登录失败的次数太多，请 {_minutes(wait)} 分钟后再试。")
    wait = wait_after(queries.attempts_on(work, _digests(work, "login", login), now - REMEMBERED), now)
    if wait:
        raise Throttled(
            f"这个账号连续登录失败，为防止他人猜测密码，请 {_minutes(wait)} 分钟后再试；"
            "如忘记密码，请联系系统管理员重置，重置后可以立即登录。"
        )
    attempt = work.add(
        LoginAttempt(id=new_key(), login_digest=login_digest, source_digest=source_digest, at=now)
    )
    return attempt.id


class _Known(NamedTuple):
    """What signing in has to know of an account."""

    key: int
    login: str
    password_hash: str
    active: bool
    access: Access
    has_factor: bool
    factor_from: datetime | None
    #: Why it may not be used now although it is open, empty if it may.
    ended: str


def _known(work: Work, found: Account | None) -> _Known | None:
    if found is None:
        return None
    return _Known(
        found.id,
        found.login,
        found.password_hash,
        found.active,
        reach_of(work, found),
        found.factor_at is not None,
        _factor_from(work, found),
        _ended(found, use_of(work, found)),
    )


def use_of(work: Work, account: Account | queries.AccountFacts) -> Use:
    """How an account stands today: open, within its days and confirmed within the year (REC-ACC-1)."""
    today = clock.today()
    days = AccountDays(
        account.active,
        account.created_at.date(),
        account.valid_from,
        account.valid_until,
        account.certified_on,
        account.left_on,
    )
    return use_on(days, today, in_force_on(today, within(work).region))


def _ended(account: Account | queries.AccountFacts, use: Use) -> str:
    """What the person of an account that is out of its days is told after the right password."""
    if use.standing is Standing.NOT_YET:
        return f"这个账号从 {account.valid_from} 起才能使用。如需提前，请联系系统管理员更改启用日期。"
    if use.standing is Standing.OVER:
        return f"这个账号的有效期到 {account.valid_until} 为止。如仍需使用，请联系系统管理员延长。"
    if use.standing is Standing.UNCONFIRMED:
        return (
            f"这个账号到 {use.last_day} 已满一年没有复核，暂时不能登录。原来的记录和草稿都在。"
            "请联系安全管理员（没有安全管理员的，联系系统管理员）在“账号复核”页续期，续期后立即可用。"
        )
    return ""


def _factor_from(work: Work, account: Account | queries.AccountFacts) -> datetime | None:
    home = within(work)
    if account.factor_at is not None or home.demo:
        return None
    return asked_from(Role.read(account.role), account.created_at, home.factor_days)


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _find(work: Work, login: str) -> _Known | None:
    return _known(work, queries.by_login(work, login))


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _find_by_key(work: Work, key: int) -> _Known | None:
    return _known(work, queries.by_id(work, key))


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _is_demonstration(work: Work) -> bool:
    return bool(within(work).demo)


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _is_alone(work: Work) -> bool:
    """Whether a real register goes without second factors for ever."""
    home = within(work)
    return not home.demo and home.factor_days is None


def shortest_password() -> int:
    """How long a new password has to be in this installation."""
    return SHORTEST_ALONE if _is_alone(_system("password-rule")) else SHORTEST


@use_case(Action.ACCOUNT_SIGN_IN)
def _note_failure(work: Work, known: bool) -> None:
    work.note("refuse", "LoginSession", outcome="refused" if known else "unknown")


@use_case(Action.ACCOUNT_SIGN_IN)
def _begin(work: Work, account: int, source: str, agent: str, rehashed: str, now: datetime) -> Ticket:
    found = queries.by_id(work, account)
    if found is None or not found.active:
        raise Unauthenticated(WRONG)
    if not (use := use_of(work, found)).usable:
        raise Unauthenticated(_ended(found, use) or WRONG)
    if rehashed:
        found.password_hash = rehashed
    for attempt in queries.attempt_rows(work, _digests(work, "login", found.login)):
        work.remove(attempt)
    for attempt in queries.stale_attempts(work, now - REMEMBERED):
        work.remove(attempt)
    for old in queries.stale_sessions(work, now):
        work.remove(old)
    kept = SESSIONS_KEPT_DEMO if within(work).demo else SESSIONS_KEPT
    for old in queries.sessions_of(work, account)[kept - 1 :]:
        work.remove(old)
    token = secrets.token_urlsafe(32)
    session = work.add(
        LoginSession(
            id=new_key(),
            digest=work.vault.mac("session", token.encode()),
            account_id=account,
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            seen_at=now,
            ends_at=now + ABSOLUTE,
            source=source[:64],
            agent=agent[:120],
            names_until=None,
            names_purpose="",
            confirmed_at=now,
        )
    )
    name = queries.area_name(work, found.area_code)
    if found.post_id is not None:
        name = posts.names(work, [found.post_id]).get(found.post_id, name)
    return Ticket(token, _person(work, session, found, name, ""))


def _person(
    work: Work,
    session: LoginSession | queries.SessionFacts,
    account: Account | queries.AccountFacts,
    area_name: str | None,
    request: str,
) -> SignedIn:
    role = Role.read(account.role)
    use = use_of(work, account)
    return SignedIn(
        access=reach_of(work, account, request),
        account=account.id,
        login=account.login,
        display=account.display,
        role=role,
        area=account.area_code,
        area_name=area_name or "",
        must_change=account.must_change,
        large=account.large_view,
        session=session.id,
        csrf=session.csrf,
        idle=IDLE_DEMO if within(work).demo else IDLE,
        seen_at=session.seen_at,
        names_until=session.names_until,
        names_purpose=session.names_purpose,
        confirmed_at=session.confirmed_at,
        has_factor=account.factor_at is not None,
        factor_from=_factor_from(work, account),
        last_day=use.last_day if use.warned else None,
        glass_until=session.glass_until,
    )


def _proved(login: str, password: str, source: str, now: datetime) -> _Known:
    """What :func:`_find` knows about the account whose password this is; see :func:`sign_in` for refusals."""
    login = normal_login(login)[:80]
    password = password[: LONGEST_PASSWORD + 1]
    reserve(_system("sign-in"), login, source, now)
    found = _find(_system("sign-in"), login)
    fits = _fits(found.password_hash if found else _nobody(), password)
    if found is None or not fits or not found.active:
        _note_failure(_system("sign-in"), found is not None)
        raise Unauthenticated(WRONG)
    if _normal(password) == PUBLISHED and not _is_demonstration(_system("sign-in")):
        _note_failure(_system("sign-in"), True)
        raise Unauthenticated(KNOWN_TO_ALL)
    if found.ended:
        _note_failure(_system("sign-in"), True)
        raise Unauthenticated(found.ended)
    return found


def _right_door(access: Access, department: bool) -> None:
    if access.for_receiver is not department:
        raise Unauthenticated(OTHER_DOOR if department else DEPARTMENT_DOOR)


def sign_in(
    login: str,
    password: str,
    source: str,
    now: datetime,
    agent: str = "",
    code: str = "",
    *,
    department: bool = False,
) -> Ticket:
    """A new session for the right login and password, and for the code of an account that has one.

    ``source`` is the address the request came from. Raises :class:`Unauthenticated` with the same words for
    an unknown login, a wrong password and a disabled account, :class:`Throttled` after too many failures,
    :class:`CodeNeeded` when only the code is missing, see :func:`finish_sign_in`. ``department``: this is the
    door of other departments, whose accounts open nothing else, and the other way round.
    """
    found = _proved(login, password, source, now)
    _right_door(found.access, department)
    stale = _hasher.check_needs_rehash(found.password_hash)
    rehashed = hashed_of(password[: LONGEST_PASSWORD + 1]) if stale and not found.has_factor else ""
    if found.has_factor:
        if not code:
            raise CodeNeeded(_half(found, now))
        _pass_code(found, code, now)
    return _begin(found.access, found.key, source, agent, rehashed, now)


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _half_macs(work: Work, text: str) -> list[str]:
    return [digest.hex() for digest in _digests(work, "half", text)]


def _half(found: _Known, now: datetime) -> str:
    """A proof that the password was right, good until the password changes or a few minutes have passed."""
    ends = int((now + HALF_WAY).timestamp())
    mac = _half_macs(_system("sign-in"), f"{found.key}|{ends}|{found.password_hash}")[0]
    return f"{found.key}.{ends}.{mac}"


def _half_known(half: str, now: datetime) -> _Known | None:
    key, _, rest = half[:200].partition(".")
    ends, _, mac = rest.partition(".")
    if not (key.isascii() and key.isdigit() and len(key) <= 19 and ends.isascii() and ends.isdigit()):
        return None
    found = _find_by_key(_system("sign-in"), int(key)) if int(key) < 2**63 else None
    if found is None or not found.active or not found.has_factor or now.timestamp() >= int(ends[:12]):
        return None
    fitting = _half_macs(_system("sign-in"), f"{key}|{ends}|{found.password_hash}")
    return found if any(hmac.compare_digest(one.encode(), mac.encode()) for one in fitting) else None


def finish_sign_in(half: str, code: str, source: str, now: datetime, agent: str = "") -> Ticket:
    """The session for somebody whose password was right a moment ago, given the code of the phone.

    Raises :class:`Unauthenticated` for a wrong, spent or missing code and when it came too late,
    :class:`Throttled` like :func:`sign_in`: codes are counted together with passwords.
    """
    found = _half_known(half, now)
    if found is None:
        raise Unauthenticated("输入密码后等得太久，或密码刚被修改。请重新输入登录名和密码。")
    reserve(_system("sign-in"), found.login, source, now)
    try:
        _pass_code(found, code, now)
    except Unauthenticated as wrong:
        raise CodeWrong(wrong.message) from None
    return _begin(found.access, found.key, source, agent, "", now)


class CodeWrong(Unauthenticated):
    """The password was right, the code was not; another one may be tried."""

    code = "code-wrong"


def _pass_code(found: _Known, code: str, now: datetime) -> None:
    if not second_factor.spend(found.access, code, now):
        _note_failure(_system("sign-in"), True)
        raise Unauthenticated(WRONG_CODE)


def prove_again(access: Access, proof: str, source: str, now: datetime) -> None:
    """Check that whoever holds this session knows its password, or has its phone.

    Raises :class:`Unfit` naming the field ``proof``, :class:`Throttled` like :func:`sign_in`.
    """
    login, _display, _places, stored, has_factor = _own(access)
    if not proof:
        raise Unfit("请输入密码。", fields={"proof": "请输入密码或动态码。"})
    reserve(_system("step-up"), login, source, now)
    proof = proof[: LONGEST_PASSWORD + 1]
    by_code = has_factor and second_factor.looks_like_code(proof)
    if not (by_code and second_factor.spend(access, proof, now)) and not _fits(stored, proof):
        _note_failure(_system("step-up"), True)
        words = "密码不对。" if not has_factor else "密码或动态码不对；用过的动态码不能再用。"
        raise Unfit(words, fields={"proof": f"{words}请重新输入；如忘记，请联系系统管理员重置。"})
    forget_attempts(_system("step-up"), login)


@use_case(Action.ACCOUNT_SIGN_IN)
def renew(work: Work, session: int, now: datetime) -> str:
    """A new secret id for one of the caller's own sessions, just proved again; what the browser gets.

    The id from before opens nothing any more. Raises :class:`Missing` when the session has ended.
    """
    found = work.get(LoginSession, session)
    if found is None or found.account_id != work.access.actor:
        raise Missing("登录已经结束。请重新登录。")
    token = secrets.token_urlsafe(32)
    found.digest = work.vault.mac("session", token.encode())
    found.confirmed_at = now
    work.note("confirm", "LoginSession", row_key=session)
    return token


# --- sessions -------------------------------------------------------------------------------------


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _look_up(work: Work, token: str, now: datetime, request: str) -> SignedIn | None:
    found = queries.session_by_digest(work, _digests(work, "session", token))
    if found is None:
        return None
    session, account, area_name = found
    if not use_of(work, account).usable:
        return None
    person = _person(work, session, account, area_name, request)
    if now >= session.ends_at or now - session.seen_at >= person.idle:
        return None
    return person


def signed_in(token: str, now: datetime, request: str = "", *, department: bool = False) -> SignedIn | None:
    """The person of a session token; ``None`` if it is unknown, idle for too long, too old or signed out.

    ``request`` is the number of the request, for the audit. Reads only; see :func:`touch`. A session of the
    door of other departments is none at any other door.
    """
    if not token or len(token) > 100:
        return None
    found = _look_up(_system("session"), token, now, request)
    return found if found is not None and found.access.for_receiver is department else None


def needs_touch(person: SignedIn, now: datetime) -> bool:
    """Whether the session's last sign of life is old enough to be written down again."""
    return now - person.seen_at >= TOUCH


@use_case(Action.ACCOUNT_SIGN_IN)
def touch(work: Work, session: int, now: datetime) -> None:
    """Write down that a session is in use."""
    found = work.get(LoginSession, session)
    if found is not None:
        found.seen_at = now


@use_case(Action.ACCOUNT_SIGN_IN)
def sign_out(work: Work, session: int) -> None:
    """End one of the caller's own sessions; a session that is gone already is no mistake."""
    found = work.get(LoginSession, session)
    if found is not None and found.account_id == work.access.actor:
        work.remove(found)


@use_case(Action.ACCOUNT_SIGN_IN)
def sign_out_others(work: Work, session: int) -> int:
    """End all of the caller's sessions except this one; how many there were."""
    others = [one for one in queries.sessions_of(work, work.access.actor) if one.id != session]
    for one in others:
        work.remove(one)
    return len(others)


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def sessions(work: Work, current: int, now: datetime) -> list[SessionView]:
    """The caller's own living sessions, latest first."""
    idle = IDLE_DEMO if within(work).demo else IDLE
    return [
        SessionView(one.id, one.created_at, one.seen_at, one.source, one.agent, one.id == current)
        for one in queries.sessions_of(work, work.access.actor)
        if now < one.ends_at and now - one.seen_at < idle
    ]


@use_case(Action.ACCOUNT_SIGN_IN)
def set_view(work: Work, large: bool) -> None:
    """Remember whether the caller reads in the large view."""
    found = queries.by_id(work, work.access.actor)
    if found is not None:
        found.large_view = large


@use_case(Action.IDENTITY_REVEAL)
def show_names(work: Work, session: int, purpose: str, until: datetime | None) -> None:
    """Let this session show names on lists until ``until`` (``None``: hide them again).

    Only the permission is noted here; every list that then opens names records it once more.
    """
    found = work.get(LoginSession, session)
    if found is None or found.account_id != work.access.actor:
        raise Missing("登录已经结束。请重新登录。")
    found.names_until = until
    found.names_purpose = purpose[:40] if until else ""
    work.note("allow" if until else "end", "NamesShown", purpose=purpose)


def hides_names(person: SignedIn) -> bool:
    """Whether the names of this session are hidden until its person proves to be there."""
    return bool(person.session) and person.confirmed_at is None


@use_case(Action.ACCOUNT_SIGN_IN)
def hide_names(work: Work, session: int) -> None:
    """Hide every name of this session at once; nothing opens one before its person has proved to be there."""
    found = work.get(LoginSession, session)
    if found is None or found.account_id != work.access.actor:
        raise Missing("登录已经结束。请重新登录。")
    found.names_until, found.names_purpose, found.confirmed_at = None, "", None
    work.note("end", "NamesShown", purpose="快速隐藏")


class _Own(NamedTuple):
    """What changing a password has to know of the caller."""

    login: str
    display: str
    places: tuple[str, ...]
    password_hash: str
    has_factor: bool


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _own(work: Work) -> _Own:
    found = queries.by_id(work, work.access.actor)
    if found is None:
        raise Unauthenticated(WRONG)
    places = queries.places_of(work, found.area_code)
    return _Own(found.login, found.display, places, found.password_hash, found.factor_at is not None)


@use_case(Action.ACCOUNT_SIGN_IN)
def _store_password(work: Work, hashed: str) -> None:
    found = queries.by_id(work, work.access.actor)
    if found is None:
        raise Unauthenticated(WRONG)
    found.password_hash = hashed
    found.must_change = False
    queries.end_everything(work, found.id)


def change_password(access: Access, old: str, new: str, again: str, source: str, now: datetime) -> None:
    """Set the caller's own password; all sessions end, this one too.

    Raises :class:`Unfit` naming the fields ``old``, ``new`` or ``again``, :class:`Throttled` after too many
    wrong old passwords.
    """
    login, display, places, stored, _has_factor = _own(access)
    reserve(_system("change-password"), login, source, now)
    if not _fits(stored, old):
        raise Unfit("当前密码不对。", fields={"old": "当前密码不对。请重新输入；如忘记，请联系管理员重置。"})
    forget_attempts(_system("change-password"), login)
    if _normal(new) == _normal(old):
        same = "新密码与当前密码相同，起不到更换的作用。请换一个。"
        raise Unfit(same, fields={"new": same})
    check_new_password("new", new, login, display, *places)
    if new != again:
        raise Unfit("两次输入不一致。", fields={"again": "两次输入的新密码不一致。请重新输入。"})
    _store_password(access, hashed_of(new))


@use_case(Action.ACCOUNT_SIGN_IN)
def forget_attempts(work: Work, login: str) -> None:
    """The failed attempts on a login count no longer: whoever came was right."""
    for attempt in queries.attempt_rows(work, _digests(work, "login", login)):
        work.remove(attempt)


# --- tokens for programs --------------------------------------------------------------------------


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def _look_up_token(
    work: Work, token: str, now: datetime, request: str
) -> tuple[SignedIn, int, datetime | None] | None:
    found = queries.token_by_digest(work, _digests(work, "token", token))
    if found is None:
        return None
    row, account, area_name = found
    if row.revoked or now >= row.ends_at or account.must_change:
        return None
    if not use_of(work, account).usable:
        return None
    role = Role.read(account.role)
    access = reach_of(work, account, request)
    if access.for_receiver:
        return None  # other departments have their own door and no programs
    person = SignedIn(
        access=access,
        account=account.id,
        login=account.login,
        display=account.display,
        role=role,
        area=account.area_code,
        area_name=area_name or "",
        must_change=False,
        large=False,
        session=0,
        csrf="",
        idle=ABSOLUTE,
        seen_at=now,
        names_until=None,
        names_purpose="",
        # A token made from a password a moment ago proves as much as a session does.
        confirmed_at=row.created_at if row.ends_at - row.created_at <= ABSOLUTE else None,
        has_factor=account.factor_at is not None,
    )
    return person, row.id, row.used_at


def bearer(token: str, now: datetime, request: str = "") -> SignedIn | None:
    """The person of an API token; ``None`` if unknown, revoked or too old, or if the account is disabled."""
    if not token.startswith(TOKEN_PREFIX) or len(token) > 100:
        return None
    found = _look_up_token(_system("token"), token, now, request)
    if found is None:
        return None
    person, key, used_at = found
    if used_at is None or now - used_at >= TOKEN_TOUCH:
        _token_used(_system("token"), key, now)
    return person


def _new_token(
    work: Work,
    account: Account,
    now: datetime,
    lasts: timedelta,
    purpose: str = "",
    made_by: int | None = None,
) -> NewSecret:
    if Role.read(account.role) not in WITH_TOKENS:
        raise Refused(NO_TOKENS)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    work.add(
        ApiToken(
            id=new_key(),
            digest=work.vault.mac("token", token.encode()),
            account_id=account.id,
            created_at=now,
            ends_at=now + lasts,
            revoked=False,
            purpose=purpose,
            made_by=work.access.actor if made_by is None else made_by,
        )
    )
    return NewSecret(account.id, account.login, token)


def _token_faults(days: int | None, purpose: str | None) -> dict[str, str]:
    wrong = {}
    if days is None or not 1 <= days <= TOKEN_DAYS_MOST:
        wrong["days"] = f"有效期应为 1 至 {TOKEN_DAYS_MOST} 天。请改正；到期可以再做一个。"
    if purpose is not None and not 2 <= len(purpose.strip()) <= 60:
        wrong["purpose"] = "请用 2–60 个字写明哪个程序使用，例如“医院接口”。以后凭它判断哪个令牌该收回。"
    return wrong


class _ForToken(NamedTuple):
    """What must be known before a token is made in somebody's name."""

    access: Access
    has_factor: bool
    factor_from: datetime | None


@use_case(Action.ACCOUNT_MANAGE)
def _for_token(work: Work, login: str) -> _ForToken:
    found = _by_login(work, login)
    if not found.active:
        raise Refused("账号已停用，不能签发令牌。请先启用账号。")
    if Role.read(found.role) not in WITH_TOKENS:
        raise Refused(NO_TOKENS)
    return _ForToken(reach_of(work, found), found.factor_at is not None, _factor_from(work, found))


@use_case(Action.ACCOUNT_MANAGE)
def _issue(work: Work, login: str, now: datetime, days: int, purpose: str) -> NewSecret:
    return _new_token(work, _by_login(work, login), now, timedelta(days=days), purpose)


def issue_token(
    access: Access,
    login: str,
    now: datetime,
    days: int = TOKEN_DAYS,
    purpose: str = "",
    code: str = "",
) -> NewSecret:
    """A bearer token for the JSON API in the name of an account; shown once, kept as a keyed digest.

    For the operator at the machine. An account with a second factor gives a ``code`` of its phone: a token
    opens what its person opens, so its person has to be there. Raises :class:`Refused` for accounts that have
    none, :class:`Forbidden` while a second factor is due, :class:`Unauthenticated` for a wrong code.
    """
    if wrong := _token_faults(days, purpose.strip() or None):
        raise Unfit("没有签发。", fields=wrong)
    found = _for_token(access, login)
    if found.has_factor:
        if not code:
            raise Refused("这个账号设置了动态码。请本人在场，用 --code 给出手机上的 6 位动态码后再签发。")
        reserve(_system("token"), normal_login(login), "cli", now)
        if not second_factor.spend(found.access, code, now):
            _note_failure(_system("token"), True)
            raise Unauthenticated(WRONG_CODE)
        forget_attempts(_system("token"), normal_login(login))
    elif found.factor_from is not None and now >= found.factor_from:
        raise Forbidden("这个账号还没有设置动态码，不能签发令牌。请本人先在网页上登录并设置。")
    return _issue(access, login, now, days, purpose.strip())


@use_case(Action.ACCOUNT_SIGN_IN)
def make_token(work: Work, now: datetime, days: int | None, purpose: str) -> NewSecret:
    """A token for a program in the caller's own name; the door has asked for a fresh proof.

    Raises :class:`Unfit` naming ``days`` or ``purpose``, :class:`Refused` for roles without tokens.
    """
    wrong = _token_faults(days, purpose)
    if wrong or days is None:
        raise Unfit("没有签发。", fields=wrong)
    found = _by_key(work, work.access.actor)
    return _new_token(work, found, now, timedelta(days=days), " ".join(purpose.split()))


@dataclass(frozen=True, slots=True)
class TokenView:
    """One living token: what uses it, who made it, until when it holds, when it was last used."""

    key: int
    purpose: str
    created_at: datetime
    ends_at: datetime
    used_at: datetime | None
    by_operator: bool

    @property
    def short(self) -> bool:
        """Whether a program made it for a working day, with login and password."""
        return self.ends_at - self.created_at <= ABSOLUTE


def _tokens(work: Work, account: int, now: datetime) -> list[TokenView]:
    return [
        TokenView(one.id, one.purpose, one.created_at, one.ends_at, one.used_at, one.made_by == 0)
        for one in queries.tokens_of(work, account)
        if not one.revoked and now < one.ends_at
    ]


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def own_tokens(work: Work, now: datetime) -> list[TokenView]:
    """The caller's own living tokens, latest first."""
    return _tokens(work, work.access.actor, now)


@use_case(Action.ACCOUNT_LIST)
def tokens_of(work: Work, key: int, now: datetime) -> list[TokenView]:
    """The living tokens of one account, latest first."""
    return _tokens(work, key, now)


@use_case(Action.ACCOUNT_SIGN_IN)
def end_own_token(work: Work, key: int) -> None:
    """End one of the caller's own tokens; one that is gone already is no mistake."""
    found = work.get(ApiToken, key)
    if found is not None and found.account_id == work.access.actor:
        found.revoked = True


@use_case(Action.ACCOUNT_MANAGE)
def end_token(work: Work, account: int, key: int) -> None:
    """End a token of an account; one that is gone already is no mistake."""
    found = work.get(ApiToken, key)
    if found is not None and found.account_id == account:
        found.revoked = True


@use_case(Action.ACCOUNT_SIGN_IN)
def _token_used(work: Work, key: int, now: datetime) -> None:
    found = work.get(ApiToken, key)
    if found is not None:
        found.used_at = now


@use_case(Action.ACCOUNT_SIGN_IN)
def _take_token(work: Work, login: str, now: datetime) -> NewSecret:
    found = _by_login(work, login)
    if found.must_change:
        raise Forbidden("这个账号还在使用初始密码，不能取得令牌。请先在网页上登录并修改密码。")
    for attempt in queries.attempt_rows(work, _digests(work, "login", found.login)):
        work.remove(attempt)
    living = [one for one in queries.tokens_of(work, found.id) if not one.revoked and now < one.ends_at]
    for old in [one for one in living if one.ends_at - one.created_at <= ABSOLUTE][SHORT_TOKENS_KEPT - 1 :]:
        old.revoked = True
    return _new_token(work, found, now, ABSOLUTE, made_by=found.id)


def take_token(login: str, password: str, source: str, now: datetime, code: str = "") -> NewSecret:
    """A bearer token that lasts as long as a session may, for the right login, password and code.

    Refuses like :func:`sign_in`; :class:`Forbidden` while the first password has not been changed, and when a
    second factor is due that has not been set up. The oldest of many living tokens of this kind is revoked.
    """
    found = _proved(login, password, source, now)
    _right_door(found.access, False)
    if found.has_factor:
        if not code:
            raise Unauthenticated("这个账号设置了动态码。请在 code 中给出手机上的 6 位动态码或一个恢复码。")
        _pass_code(found, code, now)
    elif found.factor_from is not None and now >= found.factor_from:
        raise Forbidden("这个账号还没有设置动态码，不能取得令牌。请先在网页上登录并设置。")
    return _take_token(found.access, login, now)


@use_case(Action.ACCOUNT_SIGN_IN)
def revoke_token(work: Work, token: str) -> None:
    """End one of the caller's own tokens; one that is unknown or ended already is no mistake."""
    found = queries.token_by_digest(work, _digests(work, "token", token))
    if found is not None and found[0].account_id == work.access.actor:
        found[0].revoked = True


# --- accounts -------------------------------------------------------------------------------------


def _by_login(work: Work, login: str) -> Account:
    found = queries.by_login(work, normal_login(login))
    if found is None:
        raise Missing("没有这个账号。请核对登录名，或先新建账号。")
    return found


def _by_key(work: Work, key: int) -> Account:
    found = queries.by_id(work, key)
    if found is None:
        raise Missing("没有这个账号，可能已被删除。请返回账号列表刷新。")
    return found


def view_of(work: Work, account: Account, area_name: str | None, seen_at: datetime | None) -> AccountView:
    """One account as administrators see it; ``seen_at`` is its latest sign of life."""
    return AccountView(
        account.id,
        account.login,
        account.display,
        Role.read(account.role),
        account.area_code,
        area_name or "",
        account.active,
        account.must_change,
        account.created_at,
        seen_at,
        account.version,
        use_of(work, account),
        account.valid_from,
        account.valid_until,
        account.certified_on,
        account.factor_at,
        account.staff_no or "",
        account.phone_digest is not None,
    )


@use_case(Action.ACCOUNT_LIST)
def list_(work: Work) -> list[AccountView]:
    """All accounts, by role, area and login."""
    return [view_of(work, *row) for row in queries.everybody(work)]


@use_case(Action.ACCOUNT_LIST)
def get(work: Work, key: int) -> AccountView:
    """One account; :class:`Missing` if there is none with this key."""
    found = _by_key(work, key)
    return view_of(work, found, queries.area_name(work, found.area_code), None)


def _checked(
    work: Work,
    login: str | None,
    display: str,
    role: int,
    area: int | None,
    post: int | None,
    wrong: dict[str, str],
) -> tuple[str, Role, int | None]:
    """The cleaned (display, role, area); :class:`Unfit` naming every field that is wrong, those known too."""
    if login is not None and not LOGIN.fullmatch(login):
        wrong["login"] = "登录名应为 2–40 个小写字母、数字、点、横线或下划线，以字母开头。"
    display = unicodedata.normalize("NFKC", display).strip()
    if not 1 <= len(display) <= 40:
        wrong["display"] = "姓名应为 1–40 个字。"
    try:
        kind = Role.read(role)
        level = AREA_OF_ROLE[kind]
    except (ValueError, KeyError):
        raise Unfit("请选择角色。", fields={**wrong, "role": "请选择角色。"}) from None
    if level is None:
        area = None
    elif area is None or level_of(area) is not level:
        wrong["area"] = f"{kind.label}应选择一个{PLACES[level]}。"
    elif queries.area_name(work, area) is None:
        wrong["area"] = "没有这个区划。请从列表中选择；如尚未建立，请先导入“机构与区划”。"
    if (kind in POSTS) is not (post is not None):
        wrong["role"] = AT_POST
    elif post is not None and posts.open_at(work, post, int(kind), area or 0) is None:
        wrong["role"] = "没有这个岗位，或岗位已撤销。请返回“岗位”页刷新后重选。"
    if wrong:
        raise Unfit("账号信息需要改正。", fields=wrong)
    return display, kind, area


def add(
    work: Work,
    login: str,
    display: str,
    role: int,
    area: int | None,
    hashed: str,
    must_change: bool,
    now: datetime,
    post: int | None = None,
    staff_no: str | None = None,
    phone: str = "",
) -> Account:
    """A new account within a unit of work that may make one; raises as :func:`create` does."""
    number, phone = account_person.normal_staff_no(staff_no or ""), account_person.normal_phone(phone)
    wrong = account_person.faults(number, phone, staff_no is not None)
    display, kind, area = _checked(work, login, display, role, area, post, wrong)
    if queries.by_login(work, login) is not None:
        taken = "这个登录名已被使用。请换一个，例如加上乡镇简称。"
        raise Conflict(taken, fields={"login": taken})
    account_person.keep_apart(work, display, kind, None, number, phone)
    return work.add(
        Account(
            id=new_key(),
            login=login,
            display=display,
            role=int(kind),
            area_code=area,
            post_id=post,
            password_hash=hashed,
            must_change=must_change,
            active=True,
            large_view=False,
            created_at=now,
            certified_on=clock.today(),
            staff_no=number or None,
            phone_digest=account_person.digest_of(work, phone),
        )
    )


@use_case(Action.ACCOUNT_MANAGE)
def _create(
    work: Work,
    login: str,
    display: str,
    role: int,
    area: int | None,
    hashed: str,
    must_change: bool,
    now: datetime,
    post: int | None,
    staff_no: str | None,
    phone: str,
) -> int:
    return add(work, login, display, role, area, hashed, must_change, now, post, staff_no, phone).id


def create(
    access: Access,
    login: str,
    display: str,
    role: int,
    area: int | None,
    now: datetime,
    password: str = "",
    must_change: bool = True,
    post: int | None = None,
    staff_no: str | None = None,
    phone: str = "",
) -> NewSecret:
    """A new account; without ``password`` one is made up, which the person has to change at the first login.

    ``area`` is a township for a doctor, a county for an officer, ``None`` for an administrator; ``post`` the
    post of a village doctor or a hospital. ``staff_no`` (asked for unless ``None``) and ``phone`` tell people
    apart, see :mod:`casemgr.services.account_person`. Raises :class:`Unfit` naming the fields ``login``,
    ``display``, ``role``, ``area``, ``staff_no``, ``phone`` or ``password``, :class:`Conflict` if the login
    is taken.
    """
    login = normal_login(login)
    if password:
        check_new_password("password", password, login, display)
    secret = password or new_password()
    hashed = hashed_of(secret)
    key = _create(access, login, display, role, area, hashed, must_change, now, post, staff_no, phone)
    return NewSecret(key, login, secret)


@use_case(Action.ACCOUNT_MANAGE)
def _open_first(work: Work, hashes: dict[str, str], now: datetime) -> None:
    if queries.everybody(work):
        raise Conflict("已经有账号，没有再建。忘记密码可执行 flask account password。")
    for login, display, role in FIRST_ACCOUNTS:
        work.add(
            Account(
                id=new_key(),
                login=login,
                display=display,
                role=int(role),
                area_code=None,
                password_hash=hashes[login],
                must_change=True,
                active=True,
                large_view=False,
                created_at=now,
                certified_on=clock.today(),
            )
        )


@use_case(Action.ACCOUNT_LIST)
def anybody(work: Work) -> bool:
    """Whether there is any account."""
    return bool(queries.everybody(work))


def open_first(access: Access, now: datetime) -> list[NewSecret]:
    """The first officer and administrator of an empty register, with passwords to be changed at once.

    The officer belongs to no county yet, see :mod:`casemgr.services.founding`. Raises :class:`Conflict` when
    there is an account already.
    """
    secrets_made = [NewSecret(0, login, new_password()) for login, _display, _role in FIRST_ACCOUNTS]
    _open_first(access, {one.login: hashed_of(one.secret) for one in secrets_made}, now)
    return secrets_made


@use_case(Action.ACCOUNT_MANAGE)
def change(
    work: Work,
    key: int,
    display: str,
    role: int,
    area: int | None,
    version: int,
    staff_no: str | None = None,
    phone: str = "",
) -> None:
    """Change name, role, area or staff number; a new role or area ends the sessions and tokens at once.

    ``staff_no`` of ``None`` and an empty ``phone`` stay as they are.
    """
    found = _by_key(work, key)
    if found.version != version:
        raise Conflict("这个账号刚刚被别人改过，为避免覆盖，没有保存。请核对现在的内容再改。")
    number = account_person.normal_staff_no(staff_no) if staff_no is not None else found.staff_no or ""
    phone = account_person.normal_phone(phone)
    wrong = account_person.faults(number, phone, bool(found.staff_no))
    display, kind, area = _checked(work, None, display, role, area, found.post_id, wrong)
    if found.post_id is not None and (found.role, found.area_code) != (int(kind), area):
        raise Refused(AT_POST)
    if key == work.access.actor and (found.role, found.area_code) != (int(kind), area):
        raise Refused(OWN_ROLE)
    account_person.keep_apart(work, display, kind, key, number, phone)
    if found.role == Role.ADMINISTRATOR and kind is not Role.ADMINISTRATOR:
        keep_one_administrator(work, found)
    moved = (found.role, found.area_code) != (int(kind), area)
    found.display, found.role, found.area_code = display, int(kind), area
    found.staff_no = number or None
    if phone:
        found.phone_digest = account_person.digest_of(work, phone)
    if moved:
        queries.end_everything(work, found.id)


def keep_one_administrator(work: Work, leaving: Account) -> None:
    """Raise :class:`Refused` when nobody would be left to manage accounts."""
    if leaving.active and queries.active_administrators(work, int(Role.ADMINISTRATOR)) <= 1:
        raise Refused("这是最后一个可用的系统管理员账号，停用后将没有人能管理账号。请先新建另一个管理员。")


@use_case(Action.ACCOUNT_MANAGE)
def disable(work: Work, key: int) -> None:
    """Close an account: no login any more, sessions and tokens end at once. The record stays."""
    found = _by_key(work, key)
    if found.role == Role.ADMINISTRATOR:
        keep_one_administrator(work, found)
    found.active = False
    queries.end_everything(work, found.id)


@use_case(Action.ACCOUNT_MANAGE)
def enable(work: Work, key: int) -> None:
    """Open a closed account again, also that of somebody who had left and came back.

    Raises :class:`Refused` when the same person has been given another account meanwhile.
    """
    found = _by_key(work, key)
    account_person.still_apart(work, found)
    found.active, found.left_on = True, None


@use_case(Action.ACCOUNT_MANAGE)
def _reset(work: Work, key: int, hashed: str) -> str:
    found = _by_key(work, key)
    found.password_hash = hashed
    found.must_change = True
    queries.end_everything(work, found.id)
    for attempt in queries.attempt_rows(work, _digests(work, "login", found.login)):
        work.remove(attempt)
    return found.login


def reset_password(access: Access, key: int) -> NewSecret:
    """A password that has to be changed at the next login; ends all sessions, forgets failed attempts."""
    secret = new_password()
    return NewSecret(key, _reset(access, key, hashed_of(secret)), secret)


@use_case(Action.ACCOUNT_MANAGE)
def reset_factor(work: Work, key: int) -> None:
    """Take the second factor of an account away: a lost phone. Ends its sessions and tokens."""
    second_factor.remove(work, _by_key(work, key))


@use_case(Action.ACCOUNT_MANAGE)
def key_of(work: Work, login: str) -> int:
    """The key of the account with this login; :class:`Missing` if there is none."""
    return _by_login(work, login).id
