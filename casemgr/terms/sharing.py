"""信息提供: what leaves by benefit, by comparison, by request or for a platform, and why it may."""

from __future__ import annotations

from casemgr.terms.account import Role
from casemgr.terms.code import Term
from casemgr.terms.disclosure import Condition, FieldGroup, Party


class ConsentKind(Term):
    """提供依据: an application names a benefit, a separate consent a receiver and a purpose."""

    APPLICATION = 1, "本人申请"
    CONSENT = 2, "单独同意"


class Benefit(Term):
    """待遇: what a person applies for or agrees to; each is decided by one receiver alone."""

    ALLOWANCE = 1, "低保、救助"
    SUBSIDY = 2, "监护补助"
    CERTIFICATE = 3, "残疾人证"
    SERVICE = 4, "残疾人服务补贴"
    REHABILITATION = 5, "社区康复转介"

    @property
    def receiver(self) -> Role:
        """Who decides on it, and the only one who hears of it."""
        return _RECEIVERS[int(self)]

    @property
    def groups(self) -> frozenset[FieldGroup]:
        """The field groups that this benefit asks for; the matrix still decides on each of them."""
        return _NEEDED[int(self)]

    @property
    def kind(self) -> ConsentKind:
        """What it rests on: an application for the benefit, or a separate consent."""
        return ConsentKind.CONSENT if self is Benefit.REHABILITATION else ConsentKind.APPLICATION

    @property
    def of_guardian(self) -> bool:
        """Whether the guardian is paid, so that nothing of the patient is needed to pay."""
        return self is Benefit.SUBSIDY


_G = FieldGroup
_NEEDED: tuple[frozenset[FieldGroup], ...] = (
    frozenset(),
    frozenset({_G.G1, _G.G2, _G.G3, _G.G4, _G.G5, _G.G10}),
    # Who is paid is the guardian: of the patient no more than whose guardian it is.
    frozenset({_G.G1, _G.G10}),
    frozenset({_G.G1, _G.G2, _G.G3, _G.G4, _G.G5, _G.G10}),
    frozenset({_G.G1, _G.G3, _G.G4}),
    frozenset({_G.G1, _G.G3, _G.G4, _G.G5, _G.G6, _G.G8, _G.G10}),
)
_RECEIVERS = (
    Role.SYSTEM,
    Role.CIVIL_AFFAIRS,
    Role.CIVIL_AFFAIRS,
    Role.DISABLED_FEDERATION,
    Role.DISABLED_FEDERATION,
    Role.REHAB_BODY,
)


class ConsentGiver(Term):
    """由谁签字."""

    PATIENT = 1, "患者本人"
    GUARDIAN = 2, "监护人"


class Capacity(Term):
    """行为能力依据: being on the register is no incapacity; a guardian signs on a ground alone."""

    CAPABLE = 1, "患者有能力，本人签字"
    MEDICAL = 2, "医学意见：目前不能辨认本事项"
    COURT = 3, "法院判决认定"


class ClaimState(Term):
    """办理进度."""

    APPLIED = 1, "已申请"
    CHECKED = 2, "已核对登记"
    REFERRED = 3, "已提交接收方"
    ACCEPTED = 4, "对方已受理"
    GRANTED = 5, "已通过"
    REFUSED = 6, "未通过"
    STOPPED = 7, "已停止"


class StopReason(Term):
    """停止原因."""

    WITHDRAWN = 1, "撤回同意"
    ENDED = 2, "期满"
    DIED = 3, "患者死亡"
    MOVED = 4, "患者迁出"
    DUTIES = 5, "监护职责未落实"
    INCIDENT = 6, "当年发生案（事）件"
    OTHER = 9, "其他"


class GuardianDuty(Term):
    """监护职责 of the agreement, confirmed quarter by quarter (待核对: 各地条款不同)."""

    MEDICINE = 1, "督促按医嘱服药、按期复诊"
    VISITS = 2, "配合随访"
    REPORT = 3, "外出、走失、复发时及时报告"
    SAFETY = 4, "防止伤害自己和他人"


class Finding(Term):
    """比对结果 of one row of the other side's list, or of one file that their list does not have."""

    SAME = 1, "一致"
    DIFFERENT = 2, "同一人，信息不同"
    THEIRS = 3, "仅对方有"
    OURS = 4, "仅我方有"
    BELOW = 5, "在册，不符合共享条件"
    CLOSED = 6, "档案已结束"
    REFUSED = 7, "未比对"


class Requester(Term):
    """调取机关; each is a row of the disclosure matrix (检察、审判机关 like the police, 待核对)."""

    POLICE = 1, "公安机关"
    COURT = 2, "检察院、法院"
    HEALTH_BUREAU = 3, "卫生健康行政部门"
    PLATFORM = 4, "综治平台（交换文件）"

    @property
    def party(self) -> Party:
        """The row of the matrix that says what may be given."""
        return _PARTIES[int(self)]

    @property
    def condition(self) -> Condition:
        """What has to hold for every person on the sheet."""
        return Condition.RISK if self is Requester.PLATFORM else Condition.REQUEST

    @property
    def names_people(self) -> bool:
        """Whether the document names its people; the platform gets those for whom condition ① holds."""
        return self is not Requester.PLATFORM


_PARTIES = (
    Party.PUBLIC,
    Party.POLICE_ABOVE,
    Party.POLICE_ABOVE,
    Party.HEALTH_BUREAU,
    Party.POLITICAL_LEGAL,
)


class RequestState(Term):
    """调取进度."""

    ASKED = 1, "待审批"
    APPROVED = 2, "已批准，待出件"
    REFUSED = 3, "不予提供"
    RELEASED = 4, "已出件"


class SheetField(Term):
    """可提供的项目: single items of a sheet that is handed out, each of one field group."""

    NAME = 1, "姓名"
    SEX = 2, "性别"
    BIRTH = 3, "出生日期"
    ID_NUMBER = 4, "证件号码"
    PHONE = 5, "联系电话"
    VILLAGE = 6, "居住村（社区）"
    RESIDENCE = 7, "现住址"
    DIAGNOSIS = 8, "诊断"
    RISK = 9, "危险性评估等级和日期"
    INCIDENTS = 10, "案（事）件次数和最近日期"
    GUARDIAN = 11, "监护人姓名、关系"
    GUARDIAN_PHONE = 12, "监护人电话"
    REGISTERED = 13, "建档日期"
    UNIT = 14, "管理单位"
    #: Never the drugs themselves: no line of the matrix gives them to another department.
    MEDICINE = 15, "是否在用药治疗"
    FOLLOWUPS = 16, "随访次数和最近日期"
    ALLOWANCE = 17, "有无低保、救助"

    @property
    def group(self) -> FieldGroup:
        """The field group of the disclosure matrix it belongs to."""
        return _GROUPS[int(self)]


_GROUPS = {
    1: FieldGroup.G1,
    2: FieldGroup.G1,
    3: FieldGroup.G1,
    4: FieldGroup.G2,
    5: FieldGroup.G3,
    6: FieldGroup.G4,
    7: FieldGroup.G4,
    8: FieldGroup.G5,
    9: FieldGroup.G8,
    10: FieldGroup.G9,
    11: FieldGroup.G10,
    12: FieldGroup.G10,
    # When and where somebody was registered says no more than that they are.
    13: FieldGroup.G1,
    14: FieldGroup.G1,
    15: FieldGroup.G7,
    16: FieldGroup.G6,
    17: FieldGroup.G12,
}


class Flow(Term):
    """信息流: what needs an impact note before it is switched on."""

    POLICE = 1, "与公安比对名单"
    POLITICAL_LEGAL = 2, "与综治比对名单"
    CIVIL_AFFAIRS = 3, "向民政提供待遇申请"
    DISABLED_FEDERATION = 4, "向残联提供待遇申请"
    REHAB_BODY = 5, "向康复机构转介"
    PLATFORM = 6, "向综治平台提供交换文件"
    POLICE_WINDOW = 7, "向派出所联络窗口提供"


FLOW_OF = {
    Role.POLICE: Flow.POLICE,
    Role.POLITICAL_LEGAL: Flow.POLITICAL_LEGAL,
    Role.CIVIL_AFFAIRS: Flow.CIVIL_AFFAIRS,
    Role.DISABLED_FEDERATION: Flow.DISABLED_FEDERATION,
    Role.REHAB_BODY: Flow.REHAB_BODY,
}


class BenefitAnswer(Term):
    """答复 of the one who decides on a benefit."""

    ACCEPTED = 1, "已受理"
    GRANTED = 2, "通过"
    REFUSED = 3, "不通过，或已停发"
    SESSION = 4, "报送一次到场服务"
