"""Every item and option code of the official forms, written out from the forms, against the code."""

# ruff: noqa: E501 - the wording of the forms stands in one piece
from __future__ import annotations

from datetime import date

import pytest

from casemgr.forms import followup as sheet
from casemgr.forms.cell import Partial
from casemgr.forms.form import Form, read
from casemgr.forms.official import followup
from casemgr.forms.registry import FORMS, form_named
from casemgr.terms.code import to_mask
from casemgr.terms.rulebook import book

SYMPTOMS = (
    "1 幻觉; 2 交流困难; 3 猜疑; 4 喜怒无常; 5 行为怪异; 6 兴奋话多; 7 伤人毁物; 8 悲观厌世; 9 无故外走; "
    "10 自语自笑; 11 孤僻懒散; 12 其他"
)
ACTS = "1 轻度滋事; 2 肇事; 3 肇祸; 4 其他危害行为; 5 自伤; 6 自杀未遂; 7 无"
GRADES = "1 良好; 2 一般; 3 较差"
LEVELS = "0 0级; 1 1级; 2 2级; 3 3级; 4 4级; 5 5级"
LOCKED = "1 无关锁; 2 关锁; 3 关锁已解除"
MEASURES = "1 生活劳动能力; 2 职业训练; 3 学习能力; 4 社会交往; 5 其他"
OUTCOMES = "1 痊愈; 2 好转; 3 无变化; 4 加重; 9 此项不适用"
DIAGNOSES = (
    "1 精神分裂症; 2 分裂情感性障碍; 3 偏执性精神病; 4 双相(情感)障碍; 5 癫痫所致精神障碍; "
    "6 精神发育迟滞伴发精神障碍; 7 其他(第三十条第二款第二项)"
)
JOBS = "1 在岗工人; 2 在岗管理者; 3 农民; 4 下岗或无业; 5 在校学生; 6 退休; 7 专业技术人员; 8 其他; 9 不详"
SCHOOLS = "1 研究生; 2 大学本科; 3 大学专科和专科学校; 4 中等专业学校; 5 技工学校; 6 高中; 7 初中; 8 小学; 9 文盲或半文盲; 10 不详"
MARRIAGES = "1 未婚; 2 已婚; 3 丧偶; 4 离婚; 5 未说明的婚姻状况"
SEXES = "1 男; 2 女; 9 未说明的性别; 0 未知的性别"
FAMILY = (
    "1 无; 2 高血压; 3 糖尿病; 4 冠心病; 5 慢性阻塞性肺疾病; 6 恶性肿瘤; 7 脑卒中; 8 严重精神障碍; 9 结核病; 10 肝炎; "
    "11 先天畸形; 12 其他"
)
YES = "是 是; 否 否"
HAD = "1 无; 2 有"
COUNTS = [(f"{act}次数", "") for act in ("轻度滋事", "肇事", "肇祸", "其他危害行为", "自伤", "自杀未遂")]


def drugs(label: str, columns: tuple[str, ...] = ("名称", "早", "中", "晚")) -> list[tuple[str, str]]:
    return [(f"{label}药物{row}{column}", "") for row in (1, 2, 3) for column in columns]


def depot(label: str) -> list[tuple[str, str]]:
    return [(f"{label}长效药{part}", "") for part in ("名称", "间隔周", "每次剂量")]


TIMES = ("名称", "每日次数", "每月次数", "每次剂量")

FOLLOWUP_HEAD = [("随访日期", ""), ("本次随访形式", "1 门诊; 2 家庭访视; 3 电话")]
FOLLOWUP_DEATH = [
    ("死亡日期", ""),
    ("死亡原因", "1 躯体疾病; 2 自杀; 3 他杀; 4 意外; 5 精神疾病相关并发症; 6 其他"),
    (
        "躯体疾病",
        "1 传染病和寄生虫病; 2 肿瘤; 3 心脏病; 4 脑血管病; 5 呼吸系统疾病; 6 消化系统疾病; 7 其他疾病; 8 不详",
    ),
]
FOLLOWUP_STATE = [
    ("危险性评估", LEVELS),
    ("未能评估危险性的原因", ""),
    ("危险行为", ACTS),
    *COUNTS,
    ("两次随访期间关锁情况", LOCKED),
    ("两次随访期间住院情况", "0 未住院; 1 目前正在住院; 2 曾住院,现未住院"),
    ("末次出院时间", ""),
    ("目前症状", SYMPTOMS),
    ("目前症状其他", ""),
    ("精神症状是否明显", YES),
    ("自知力", "1 自知力完全; 2 自知力不全; 3 自知力缺失"),
    ("睡眠情况", GRADES),
    ("饮食情况", GRADES),
    ("个人生活料理", GRADES),
    ("家务劳动", GRADES),
    ("生产劳动及工作", f"{GRADES}; 9 此项不适用"),
    ("学习能力", GRADES),
    ("社会人际交往", GRADES),
    ("是否有严重躯体疾病", YES),
    ("实验室检查", HAD),
    ("实验室检查内容", ""),
    ("用药依从性", "1 按医嘱规律用药; 2 间断用药; 3 不用药; 4 医嘱勿需用药"),
    ("药物不良反应", f"{HAD}; 9 此项不适用"),
    ("药物不良反应内容", ""),
    ("是否为急性或严重药物不良反应", YES),
    ("治疗效果", OUTCOMES),
]
FOLLOWUP_TAIL = [
    ("康复措施", MEASURES),
    ("康复措施其他", ""),
    ("本次随访分类", "1 不稳定; 2 基本稳定; 3 稳定"),
    ("分类的理由", ""),
    ("下次随访日期", ""),
    ("随访医生签名", ""),
    ("备注", ""),
]
LOSS = "2 迁居他处; 3 走失; 4 连续3次未访到; 5 其他"
CARD_KEYS = [("记录标识", ""), ("患者标识", ""), ("报告地区", ""), ("报告单位", ""), ("卡片编号", "")]
DOCUMENT = [
    ("证件类型", "1 居民身份证; 2 护照; 3 港澳台居民居住证; 4 外国人永久居留身份证; 8 其他; 9 无证件"),
    ("证件号码", ""),
    ("国籍", ""),
]
PAST_ACTS = ACTS.replace("7 无", "7 无上述危险行为或风险")
RELATIONS = "1 配偶; 2 子; 3 女; 4 孙子女; 5 父母; 6 祖父母; 7 兄弟姐妹; 8 其他; 9 村(居)委会; 10 民政部门"
CONSENT = "1 同意参加管理; 0 不同意参加管理"
SIGNATURES = [
    ("患者签字", ""),
    ("监护人或家属签字", ""),
    ("与患者关系", RELATIONS),
    ("联系电话", ""),
    ("医务人员签字", ""),
    ("签字日期", ""),
]
CAUSES = (
    "1 有伤害自身的行为或危险; 2 有危害公共安全或他人安全的行为或危险; 3 病情复发且精神状况明显恶化; "
    "4 与精神疾病药物相关的急性不良反应; 5 其他"
)
DISPOSALS = "1 现场临时性处置; 2 门/急诊留观; 3 紧急住院; 4 会诊; 5 其他"
SUPPLEMENT = [
    ("姓名", ""),
    ("编号", ""),
    ("监护人姓名", ""),
    ("与患者关系", RELATIONS),
    ("监护人住址", ""),
    ("监护人电话", ""),
    ("辖区村（居）委会联系人", ""),
    ("辖区村（居）委会电话", ""),
    ("户别", "1 城镇; 2 农村"),
    ("就业情况", JOBS),
    ("知情同意", CONSENT),
    ("知情同意签字", ""),
    ("知情同意签字时间", ""),
    ("初次发病时间", ""),
    ("既往主要症状", SYMPTOMS),
    ("既往主要症状其他", ""),
    ("既往关锁情况", LOCKED),
    ("既往治疗情况·门诊", "1 未治; 2 间断门诊治疗; 3 连续门诊治疗"),
    ("首次抗精神病药治疗时间", ""),
    ("既往治疗情况·住院", ""),
    ("目前诊断", DIAGNOSES),
    ("ICD-10编码", ""),
    ("确诊医院", ""),
    ("确诊医院不详", YES),
    ("确诊医院不详的原因", ""),
    ("确诊日期", ""),
    ("最近一次治疗效果", "1 临床痊愈; 2 好转; 3 无变化; 4 加重"),
    ("危险行为", ACTS),
    *COUNTS,
    ("经济状况", "1 贫困，在当地贫困线标准以下; 2 非贫困"),
    ("专科医生的意见", ""),
]
FILLED = [("填表日期", ""), ("医生签字", "")]
OTHER_HEAD = [("姓名", ""), ("性别", SEXES)]
SIGN = "1 有; 0 没有"

ITEMS: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("signs", "2018.1"): [
        *OTHER_HEAD,
        ("住址", ""),
        ("曾在精神科住院治疗", SIGN),
        ("因精神异常被家人关锁", SIGN),
        ("无故冲动、伤人毁物，或无故离家出走", SIGN),
        ("行为举止古怪，在公共场合蓬头垢面或赤身裸体", SIGN),
        ("经常无故自语自笑，或说一些不合常理的话", SIGN),
        ("变得疑心大，认为周围人都针对他或迫害他", SIGN),
        ("变得过分兴奋话多、活动多、爱惹事、到处乱跑", SIGN),
        ("变得冷漠孤僻懒散，无法正常学习、工作和生活", SIGN),
        ("有过自杀行为或自杀企图", SIGN),
        ("提供情况者", ""),
        ("联系电话", ""),
        ("调查人", ""),
        ("调查日期", ""),
    ],
    ("signs", "2012.1"): [
        *OTHER_HEAD,
        ("住址", ""),
        ("曾在精神科住院治疗", SIGN),
        ("因精神异常被关锁", SIGN),
        ("说话颠三倒四，说一些别人听不懂或不合常理的话", SIGN),
        ("无故吵闹、砸东西、打人（不是因为喝醉酒）", SIGN),
        ("经常自语自笑或表情呆滞", SIGN),
        ("在公共场合行为举止古怪", SIGN),
        ("疑心大，怀疑有人跟踪、议论或加害", SIGN),
        ("过分话多、活动多、到处乱跑", SIGN),
        ("过分冷淡、动作迟缓、整天卧床", SIGN),
        ("有过自杀、自伤行为", SIGN),
        ("待在家中，不上学、不上班，不与人来往", SIGN),
        ("提供情况者", ""),
        ("联系电话", ""),
        ("调查人", ""),
        ("调查日期", ""),
    ],
    ("clue", "2018.1"): [
        *OTHER_HEAD,
        ("年龄", ""),
        ("身份证号", ""),
        ("住址", ""),
        ("联系人电话", ""),
        (
            "符合条目",
            "1 曾在精神科住院治疗; 2 因精神异常被家人关锁; 3 无故冲动、伤人毁物，或无故离家出走; "
            "4 行为举止古怪，在公共场合蓬头垢面或赤身裸体; 5 经常无故自语自笑，或说一些不合常理的话; "
            "6 变得疑心大，认为周围人都针对他或迫害他; 7 变得过分兴奋话多、活动多、爱惹事、到处乱跑; "
            "8 变得冷漠孤僻懒散，无法正常学习、工作和生活; 9 有过自杀行为或自杀企图",
        ),
        ("待核查", YES),
        ("诊断", DIAGNOSES),
        ("再次诊断", DIAGNOSES),
        ("诊断医师", ""),
        ("日期", ""),
        ("报告人及单位", ""),
    ],
    ("report_card", "2018.1"): [
        *CARD_KEYS,
        ("患者来源（报告部门）", "1 门诊部; 2 住院部"),
        ("门诊编号", ""),
        ("住院编号", ""),
        ("报告类型", "1 发病报告; 2 六类病种登记"),
        ("患者姓名", ""),
        ("性别", SEXES),
        ("出生日期", ""),
        *DOCUMENT,
        ("民族", "*"),
        ("户别", "1 城镇; 2 农村"),
        ("联系人姓名", ""),
        ("联系人电话", ""),
        ("与监护人关系", RELATIONS),
        ("户籍地", ""),
        ("户籍地址类型", ""),
        ("户籍国标码", ""),
        ("现住址", ""),
        ("现住地国标码", ""),
        ("文化程度", SCHOOLS),
        ("婚姻状况", MARRIAGES),
        ("就业情况", JOBS),
        ("两系三代精神疾病家族史", "1 有; 2 无; 3 不详"),
        ("初次发病时间", ""),
        ("是否已进行抗精神病药物治疗", YES),
        ("首次抗精神病药治疗时间", ""),
        ("既往住院次数", ""),
        ("既往关锁情况", LOCKED),
        ("既往危险行为", PAST_ACTS),
        ("既往危险性评估", LEVELS),
        ("送诊主体", "1 本人; 2 家属; 3 公安; 4 其他"),
        ("送诊主体其他", ""),
        ("确诊医院", ""),
        ("确诊日期", ""),
        ("疾病名称", DIAGNOSES),
        ("ICD-10编码", ""),
        ("目前用药·勿需用药", YES),
        *drugs("目前用药·"),
        ("知情同意", CONSENT),
        ("知情同意时间", ""),
        ("填卡医生", ""),
        ("填卡日期", ""),
        ("报告单位及科室", ""),
        ("科室电话", ""),
        ("信息创建人", ""),
        ("创建日期", ""),
    ],
    ("discharge", "2018.1"): [
        *CARD_KEYS,
        ("病案号", ""),
        *OTHER_HEAD,
        ("出生日期", ""),
        *DOCUMENT,
        ("入院日期", ""),
        ("出院日期", ""),
        ("曾住精神专科医院次数", ""),
        ("出院诊断", DIAGNOSES),
        ("ICD-10编码", ""),
        ("确诊日期", ""),
        ("既往危险行为", PAST_ACTS),
        ("既往危险性评估", LEVELS),
        ("住院疗效", OUTCOMES),
        ("目前用药·勿需用药", YES),
        *drugs("目前用药·"),
        ("用药指导·勿需用药", YES),
        *drugs("用药指导·"),
        ("康复措施", MEASURES),
        ("康复措施其他", ""),
        ("其他注意事项", ""),
        ("经治医生", ""),
        ("联系电话", ""),
        ("填表日期", ""),
    ],
    ("consent", "2018.1"): [*OTHER_HEAD, ("编号", ""), ("现住址", ""), ("知情同意", CONSENT), *SIGNATURES],
    ("emergency_consent", "2018.1"): [
        *OTHER_HEAD,
        ("现住址", ""),
        ("处置缘由", CAUSES),
        ("拟采取的措施", DISPOSALS),
        ("对拟采取的措施", "1 同意采取; 0 不同意采取"),
        *SIGNATURES,
    ],
    ("resident", "2017.1"): [
        *OTHER_HEAD,
        ("出生日期", ""),
        ("身份证号", ""),
        ("工作单位", ""),
        ("本人电话", ""),
        ("联系人姓名", ""),
        ("联系人电话", ""),
        ("常住类型", "1 户籍; 2 非户籍"),
        ("民族", "1 汉族; 99 少数民族"),
        ("民族其他", ""),
        ("血型", "1 A型; 2 B型; 3 O型; 4 AB型; 5 不详"),
        ("RH", "1 阴性; 2 阳性; 3 不详"),
        ("文化程度", SCHOOLS),
        (
            "职业",
            "0 国家机关、党群组织、企业、事业单位负责人; 1 专业技术人员; 2 办事人员和有关人员; 3 商业、服务业人员; "
            "4 农、林、牧、渔、水利业生产人员; 5 生产、运输设备操作人员及有关人员; 6 军人; 7 不便分类的其他从业人员; 8 无职业",
        ),
        ("婚姻状况", MARRIAGES),
        (
            "医疗费用支付方式",
            "1 城镇职工基本医疗保险; 2 城镇居民基本医疗保险; 3 新型农村合作医疗; 4 贫困救助; 5 商业医疗保险; 6 全公费; "
            "7 全自费; 8 其他",
        ),
        ("医疗费用支付方式其他", ""),
        ("药物过敏史", "1 无; 2 青霉素; 3 磺胺; 4 链霉素; 5 其他"),
        ("药物过敏史其他", ""),
        ("暴露史", "1 无; 2 化学品; 3 毒物; 4 射线"),
        (
            "既往史·疾病",
            "1 无; 2 高血压; 3 糖尿病; 4 冠心病; 5 慢性阻塞性肺疾病; 6 恶性肿瘤; 7 脑卒中; 8 严重精神障碍; 9 结核病; "
            "10 肝炎; 11 其他法定传染病; 12 职业病; 13 其他",
        ),
        ("既往史·疾病其他", ""),
        ("确诊时间", ""),
        ("既往史·手术", HAD),
        ("既往史·手术名称和时间", ""),
        ("既往史·外伤", HAD),
        ("既往史·外伤名称和时间", ""),
        ("既往史·输血", HAD),
        ("既往史·输血名称和时间", ""),
        ("家族史·父亲", FAMILY),
        ("家族史·父亲其他", ""),
        ("家族史·母亲", FAMILY),
        ("家族史·母亲其他", ""),
        ("家族史·兄弟姐妹", FAMILY),
        ("家族史·兄弟姐妹其他", ""),
        ("家族史·子女", FAMILY),
        ("家族史·子女其他", ""),
        ("遗传病史", HAD),
        ("遗传病史名称和时间", ""),
        (
            "残疾情况",
            "1 无残疾; 2 视力残疾; 3 听力残疾; 4 言语残疾; 5 肢体残疾; 6 智力残疾; 7 精神残疾; 8 其他残疾",
        ),
        ("残疾情况其他", ""),
        ("生活环境·厨房排风设施", "1 无; 2 油烟机; 3 换气扇; 4 烟囱"),
        ("生活环境·燃料类型", "1 液化气; 2 煤; 3 天然气; 4 沼气; 5 柴火; 6 其他"),
        ("生活环境·燃料类型其他", ""),
        ("生活环境·饮水", "1 自来水; 2 经净化过滤的水; 3 井水; 4 河湖水; 5 塘水; 6 其他"),
        ("生活环境·饮水其他", ""),
        ("生活环境·厕所", "1 卫生厕所; 2 一格或二格粪池式; 3 马桶; 4 露天粪坑; 5 简易棚厕"),
        ("生活环境·禽畜栏", "1 无; 2 单设; 3 室内; 4 室外"),
        ("填表日期", ""),
        ("填表人", ""),
    ],
    ("supplement", "2017.1"): [*SUPPLEMENT, *FILLED],
    ("supplement", "2018.1"): [
        *SUPPLEMENT,
        ("是否为精准扶贫对象", YES),
        ("是否为监护补助对象", YES),
        ("领取残疾人证情况", "1 无; 2 视力; 3 听力; 4 言语; 5 肢体; 6 智力; 7 精神; 8 多重"),
        ("精神残疾人证等级", "1 一级; 2 二级; 3 三级; 4 四级"),
        ("是否为关爱帮扶小组服务对象", YES),
        ("是否为家庭医师签约服务对象", YES),
        ("是否参加社区康复服务", YES),
        *FILLED,
    ],
    ("followup", "2018.1"): [
        *FOLLOWUP_HEAD,
        ("本次随访对象", "1 患者本人; 2 患者家属、监护人; 3 其他知情人"),
        ("若失访，原因", f"1 外出务工; {LOSS}"),
        *FOLLOWUP_DEATH,
        *FOLLOWUP_STATE,
        *drugs(""),
        *depot(""),
        *drugs("用药指导·"),
        *depot("用药指导·"),
        ("是否需要转诊", "1 否; 2 是"),
        ("转诊原因", ""),
        ("是否已转诊", "1 否; 2 是"),
        ("转诊至机构及科室", ""),
        ("转诊联系人及电话", ""),
        *FOLLOWUP_TAIL,
    ],
    ("followup", "2017.1"): [
        *FOLLOWUP_HEAD,
        ("若失访，原因", f"1 外出打工; {LOSS}"),
        *FOLLOWUP_DEATH,
        *FOLLOWUP_STATE,
        *drugs("", TIMES),
        *drugs("用药指导·", TIMES),
        ("是否转诊", "1 否; 2 是"),
        ("转诊原因", ""),
        ("转诊至机构及科室", ""),
        *FOLLOWUP_TAIL,
    ],
    ("referral", "2018.1"): [
        ("转诊方向", "1 上转; 2 下转"),
        *OTHER_HEAD,
        ("年龄", ""),
        ("档案编号", ""),
        ("家庭住址", ""),
        ("联系电话", ""),
        ("转诊日期", ""),
        ("转入单位", ""),
        ("转入科室", ""),
        ("接诊医生", ""),
        ("初步印象", ""),
        ("主要现病史（转出原因）", ""),
        ("主要既往史", ""),
        ("治疗经过", ""),
        ("住院病案号", ""),
        ("诊断结果", ""),
        ("主要检查结果", ""),
        ("治疗经过、下一步治疗方案及康复建议", ""),
        ("转诊医生", ""),
        ("转出单位", ""),
        ("联系电话（转出单位）", ""),
    ],
    ("emergency", "2018.1"): [
        ("报告地区", ""),
        ("报告单位", ""),
        ("处置单位", ""),
        *OTHER_HEAD,
        ("年龄", ""),
        *DOCUMENT,
        ("处置对象来源", "1 本地常住居民（已建档）; 2 本地非在册; 3 流动或外地; 4 身份不明"),
        ("第一处置地点", ""),
        ("报告人", ""),
        ("报告时间", ""),
        ("报告途径", ""),
        ("报告人身份", ""),
        ("报告人身份其他", ""),
        ("处置开始时间", ""),
        ("处置结束时间", ""),
        ("现场情况描述", ""),
        ("受伤人数", ""),
        ("死亡人数", ""),
        ("财物损失估计", ""),
        ("公安机关人员和单位", ""),
        ("精防医生", ""),
        ("精神科医师", ""),
        ("精神科护士", ""),
        ("其他人员", ""),
        ("处置缘由", CAUSES),
        ("处置缘由其他", ""),
        ("主要处置措施", DISPOSALS),
        ("主要处置措施其他", ""),
        ("确定诊断（ICD-10）", ""),
        ("疑似诊断（ICD-10）", ""),
        ("处置效果", "1 有效; 2 部分有效; 3 无效"),
        ("填表人", ""),
        ("填表日期", ""),
    ],
    ("checkup", "2017.1"): [
        ("姓名", ""),
        ("档案编号", ""),
        ("性别", SEXES),
        ("体检日期", ""),
        ("监护人或患者同意体检", YES),
        ("体温", ""),
        ("脉率", ""),
        ("呼吸频率", ""),
        ("收缩压", ""),
        ("舒张压", ""),
        ("身高", ""),
        ("体重", ""),
        ("腰围", ""),
        ("体质指数（BMI）", ""),
        ("一般体格检查", ""),
        ("血常规（含白细胞分类）", "1 正常; 2 异常; 3 未查"),
        ("血常规结果", ""),
        ("转氨酶", "1 正常; 2 异常; 3 未查"),
        ("谷丙转氨酶（ALT）", ""),
        ("谷草转氨酶（AST）", ""),
        ("血糖", "1 正常; 2 异常; 3 未查"),
        ("空腹血糖", ""),
        ("心电图", "1 正常; 2 异常; 3 未查"),
        ("心电图所见", ""),
        ("体检结论和建议", ""),
        ("体检医生", ""),
    ],
}
EVERY = [form for versions in FORMS.values() for form in versions]


@pytest.mark.parametrize("form", EVERY, ids=lambda form: f"{form.name}-{form.version}")
def test_every_item_and_every_code_is_that_of_the_form(form: Form) -> None:
    found = [
        (each.label, "; ".join(f"{code} {label}" for code, label in each.choices)) for each in form.fields
    ]
    wanted = ITEMS[form.name, form.version]
    assert [label for label, _ in found] == [label for label, _ in wanted]
    assert [pair for pair, known in zip(found, wanted, strict=True) if known[1] != "*"] == [
        pair for pair in wanted if pair[1] != "*"
    ]


def test_no_form_is_forgotten() -> None:
    tables = [form_named(name).table for name in FORMS]
    assert tables == [*(f"表{number}" for number in range(1, 9)), "表10", "表11", "表12", "健康体检"]
    assert {(form.name, form.version) for form in EVERY} == set(ITEMS)


def test_the_visit_is_numbered_like_the_paper() -> None:
    form = form_named("followup")
    assert [section.title for section in form.sections] == [
        "到访",
        "安全",
        "状态",
        "躯体与化验",
        "用药",
        "康复与帮扶",
        "核对",
    ]
    numbers = {int(each.number) for each in form.fields if each.number}
    assert numbers == set(range(2, 32))
    new = {each.number for each in form.fields if each.star}
    assert new == {"4", "25", "26", "27"}


def test_judgements_are_never_copied() -> None:
    form = form_named("followup")
    for key in (
        "risk",
        "insight",
        "adherence",
        "acts",
        "self_harm_count",
        "suicide_attempt_count",
        "stability",
    ):
        assert not form.field(key).may_repeat, key
    assert form.field("sleep").may_repeat


def test_every_rule_named_is_known() -> None:
    known = set(book()) | {check.id for check in sheet.SHEET.checks}
    known |= {"FU-C1", "FU-C2", "FU-C5", "FU-C12"}
    named = {each.rule for form in EVERY for each in form.fields if each.rule} | {form.rule for form in EVERY}
    assert named <= known


# --- 表8 and the row of the workbook --------------------------------------------------------------


def test_a_visit_becomes_the_row_that_the_checks_know() -> None:
    typed = {
        "on": ["2026-11-20"],
        "mode": ["2"],
        "risk": ["4"],
        "acts": ["5"],
        "self_harm_count": ["2"],
        "stability": ["3"],
        "next_on": ["2026-12-20"],
        "hospital": ["2"],
        "discharged": ["2026-10"],
        "drug1_name": ["利培酮"],
        "drug1_evening_ug": ["2.5"],
    }
    values = read(form_named("followup"), typed, date(2026, 11, 21)).values
    row = followup.to_row(values, "001-00001")
    assert (row.self_harm_count, row.crime_count, row.disturbance_count) == (2, 0, 0)
    assert row.drug1_evening_ug == 2_500
    assert row.discharged == Partial(row.discharged.first, 2)
    assert row.form_version == 2018
    assert sheet.acts_mask(row) == values["acts"]
    assert followup.of_row(row) == values


def test_nothing_done_is_not_the_same_as_nothing_said() -> None:
    none = read(form_named("followup"), {"acts": ["7"]}, date(2026, 11, 21)).values
    assert followup.to_row(none, "x").suicide_attempt_count == 0
    assert followup.of_row(followup.to_row(none, "x")) == {"acts": to_mask([7])}
    assert followup.to_row({}, "x").suicide_attempt_count is None
    assert followup.of_row(followup.to_row({}, "x")) == {}


def test_the_keys_of_the_visit_are_the_columns_of_the_row() -> None:
    besides = {
        "risk_reason",
        "class_reason",
        "acts",
        "evident_symptoms",
        "serious_reaction",
        "serious_illness",
    }
    for version in ("2018.1", "2017.1"):
        keys = {
            each.key for each in form_named("followup", version).fields if not each.key.startswith("guide")
        }
        assert keys - besides <= set(sheet.VisitRow._fields)
