"""披露: who may be told what of a registered person, in the words of the disclosure matrix (披露矩阵)."""

from casemgr.terms.code import Term


class Party(Term):
    """接收方: a row of the matrix. Not every one signs in; those who do have a role."""

    TOWNSHIP_DOCTOR = 1, "社区精防医生"
    VILLAGE_DOCTOR = 2, "村医"
    UNIT_HEAD = 3, "单位负责人、质控"
    COUNTY_UNIT = 4, "县级精防机构"
    HEALTH_BUREAU = 5, "卫生健康行政部门"
    HOSPITAL = 6, "收治医院"
    POLITICAL_LEGAL = 7, "综治联络员"
    VILLAGE_TEAM = 8, "村（社区）关爱帮扶小组成员"
    POLICE = 9, "派出所联络员"
    POLICE_ABOVE = 10, "派出所以上公安机关"
    CIVIL_AFFAIRS = 11, "民政联络员"
    DISABLED_FEDERATION = 12, "残联联络员"
    REHAB_BODY = 13, "康复机构"
    INSURANCE = 14, "医保、救助经办"
    FINANCE = 15, "补助发放经办"
    GUARDIAN = 16, "监护人"
    PATIENT = 17, "患者本人"
    ADMINISTRATOR = 18, "系统管理员"
    AUDITOR = 19, "安全、审计管理员"
    STATISTICS = 20, "上级统计、研究"
    PUBLIC = 21, "公众、媒体"


class FieldGroup(Term):
    """信息组: a column of the matrix."""

    G1 = 1, "姓名、性别、出生日期"
    G2 = 2, "身份证号"
    G3 = 3, "电话"
    G4 = 4, "住址"
    G5 = 5, "诊断"
    G6 = 6, "症状、自知力、精神检查"
    G7 = 7, "用药、依从性、长效针剂"
    G8 = 8, "危险性评估等级"
    G9 = 9, "案（事）件"
    G10 = 10, "监护人"
    G11 = 11, "康复"
    G12 = 12, "救助、残疾证"
    G13 = 13, "自由记录、谈话记录、家庭情况"
    G14 = 14, "工作量、比率（汇总）"


class Level(Term):
    """可见程度, from least to most: a greater one tells more."""

    NONE = 0, "不提供"
    COUNT = 1, "只有人数、起数"
    FLAG = 2, "只有“有”或“无”"
    SUMMARY = 3, "要点"
    MASKED = 4, "部分遮盖"
    OWN = 5, "只有本方提供的部分"
    FULL = 6, "可见"


class Condition(Term):
    """条件: what has to be so before the matrix lets anything through."""

    RISK = 1, "危险性等级3级及以上、有案（事）件记录，或依地方规定上报的失访、拒绝者"
    EMERGENCY = 2, "紧急情况（24小时内有效，事后3个工作日内复核）"
    CONSENT = 3, "本人（或依法由监护人）对该接收方、该用途的单独同意"
    BENEFIT = 4, "本人申请或正在享受该项待遇，以该待遇所需为限"
    TEAM = 5, "正在参与该患者的帮扶，任务结束即止"
    REQUEST = 6, "有法律文书号的书面调取，经卫生健康部门批准，由人工提供，不在屏幕上开放"
    HARM_CHECK = 7, "医生认为告知不会损害治疗"
    IN_CARE = 8, "本机构正在收治或服务，转诊、转介未结束"
