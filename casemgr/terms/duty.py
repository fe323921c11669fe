"""应办事项: kinds of duties, how their terms are counted, and how each ended."""

from casemgr.terms.code import Term


class DutyKind(Term):
    """应办事项 by what is to be done."""

    VISIT = 1, "随访"
    FIRST_VISIT = 2, "建档后首次随访"
    DISCHARGE_VISIT = 3, "出院后首次随访"
    FACE_VISIT = 4, "面访"
    RETRY_VISIT = 5, "未访到后再访"
    AWAY_CALL = 6, "外出期间电话随访"
    FILE_ENTRY = 10, "建档录入"
    ASSESSMENT = 11, "补全信息与全面评估"
    CONSENT_ASK = 12, "征求知情同意"
    CONSENT_REASK = 13, "再次征求知情同意"
    REFER = 20, "立即转诊"
    TELL_POLICE = 21, "通报公安"
    REFERRAL_RESULT = 22, "了解转诊结果"
    SECOND_OPINION = 23, "降级复核"
    PSYCHIATRIST = 24, "请精神科医师指导"
    EMERGENCY_RECORD = 30, "填写应急处置记录单"
    EMERGENCY_UPLOAD = 31, "上报应急处置记录"
    EMERGENCY_VISIT = 32, "应急处置后随访"
    UNLOCK = 33, "解除关锁"
    LOST_CONFIRM = 40, "确认是否失访"
    LOST_NOTICE = 41, "书面报告失访"
    LOST_SEARCH = 42, "继续查找"
    DEATH_CONFIRM = 43, "核实死亡"
    TRANSFER_ANSWER = 50, "答复迁入"
    TRANSFER_COUNTY = 51, "迁出未获接收，报县级"
    NOTICE_ENTRY = 60, "录入报告卡"
    NOTICE_FORWARD = 61, "转发出院信息单"
    NOTICE_ACCEPT = 62, "接收出院信息单"
    CLUE_VERIFY = 70, "核实线索"
    CLUE_REVIEW = 71, "复查线索"
    PARTNER_REPORT = 75, "核实部门报送"
    PARTNER_TASK = 76, "处理协查答复"
    RIGHTS_ANSWER = 77, "答复权利申请"
    RECEIVER_NOTICE = 78, "告知曾接收的部门"
    CHECKUP = 80, "年度健康体检"
    REHAB_CHECK = 85, "核对康复转介申请"
    REHAB_REFER = 86, "转介康复机构"
    INJECTION = 90, "注射长效针剂"
    INJECTION_CLOSING = 91, "注射窗口将关闭"
    INJECTION_MISSED = 92, "长效针剂错过"
    ORAL_COVER = 93, "口服覆盖将结束"
    MEDICINE_OUT = 95, "药品将用完"
    MONITORING = 96, "用药监测检查"
    CRITICAL_VALUE = 97, "处理危急值"


class Calendar(Term):
    """How the days of a term are counted."""

    CALENDAR = 1, "自然日"
    WORKING = 2, "工作日"
    HOURS = 3, "小时"


class DutyState(Term):
    """How a duty stands; one that was never done stays 错过 and is counted."""

    OPEN = 1, "待办"
    DONE = 2, "按期完成"
    LATE = 3, "逾期完成"
    MISSED = 4, "错过"
    VOID = 5, "不再需要"


class Urgency(Term):
    """In which order the worklist puts duties of one block."""

    NOW = 1, "紧急"
    HIGH = 2, "优先"
    WINDOW = 3, "窗口将过"
    USUAL = 4, "一般"
    SEARCH = 5, "查找"


class Block(Term):
    """Where a person stands on the worklist."""

    TODAY = 1, "今天必须"
    WEEK = 2, "本周到期"
    LATE = 3, "已逾期"
    LOST = 4, "长期失访，需核查"
    TOLD = 5, "今天已联系"
