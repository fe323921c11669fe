"""人员: the coded terms that describe a human being on forms 表6 and 表7."""

from casemgr.terms.code import Term


class Sex(Term):
    MALE = 1, "男", "男性"
    FEMALE = 2, "女", "女性"
    UNSTATED = 9, "未说明的性别"
    UNKNOWN = 0, "未知的性别"


class DocumentKind(Term):
    """证件类型."""

    ID_CARD = 1, "居民身份证", "身份证"
    PASSPORT = 2, "护照"
    HK_MACAO_TAIWAN = 3, "港澳台居民居住证"
    FOREIGN_RESIDENT = 4, "外国人永久居留身份证"
    OTHER = 8, "其他"
    NONE = 9, "无证件"


class Household(Term):
    """户别."""

    URBAN = 1, "城镇"
    RURAL = 2, "农村"


class Education(Term):
    """文化程度."""

    POSTGRADUATE = 1, "研究生"
    BACHELOR = 2, "大学本科"
    COLLEGE = 3, "大学专科和专科学校", "大专", "大学专科"
    SECONDARY_VOCATIONAL = 4, "中等专业学校", "中专"
    TECHNICAL_SCHOOL = 5, "技工学校"
    SENIOR_HIGH = 6, "高中"
    JUNIOR_HIGH = 7, "初中"
    PRIMARY = 8, "小学"
    ILLITERATE = 9, "文盲或半文盲", "文盲"
    UNKNOWN = 10, "不详"


class Marriage(Term):
    """婚姻状况."""

    SINGLE = 1, "未婚"
    MARRIED = 2, "已婚"
    WIDOWED = 3, "丧偶"
    DIVORCED = 4, "离婚"
    UNSTATED = 5, "未说明的婚姻状况"


class Employment(Term):
    """就业情况."""

    WORKER = 1, "在岗工人"
    MANAGER = 2, "在岗管理者"
    FARMER = 3, "农民"
    UNEMPLOYED = 4, "下岗或无业"
    STUDENT = 5, "在校学生"
    RETIRED = 6, "退休"
    PROFESSIONAL = 7, "专业技术人员"
    OTHER = 8, "其他"
    UNKNOWN = 9, "不详"


class Economy(Term):
    """经济状况."""

    POOR = 1, "贫困", "贫困,在当地贫困线标准以下", "贫困，在当地贫困线标准以下"
    NOT_POOR = 2, "非贫困"


class Ethnicity(Term):
    """民族 (GB/T 3304, 待核对)."""

    HAN = 1, "汉族", "汉"
    MONGOL = 2, "蒙古族", "蒙古"
    HUI = 3, "回族", "回"
    TIBETAN = 4, "藏族", "藏"
    UYGHUR = 5, "维吾尔族", "维吾尔"
    MIAO = 6, "苗族", "苗"
    YI = 7, "彝族", "彝"
    ZHUANG = 8, "壮族", "壮"
    BOUYEI = 9, "布依族", "布依"
    KOREAN = 10, "朝鲜族", "朝鲜"
    MANCHU = 11, "满族", "满"
    DONG = 12, "侗族", "侗"
    YAO = 13, "瑶族", "瑶"
    BAI = 14, "白族", "白"
    TUJIA = 15, "土家族", "土家"
    HANI = 16, "哈尼族", "哈尼"
    KAZAKH = 17, "哈萨克族", "哈萨克"
    DAI = 18, "傣族", "傣"
    LI = 19, "黎族", "黎"
    LISU = 20, "傈僳族", "傈僳"
    WA = 21, "佤族", "佤"
    SHE = 22, "畲族", "畲"
    GAOSHAN = 23, "高山族", "高山"
    LAHU = 24, "拉祜族", "拉祜"
    SUI = 25, "水族", "水"
    DONGXIANG = 26, "东乡族", "东乡"
    NAXI = 27, "纳西族", "纳西"
    JINGPO = 28, "景颇族", "景颇"
    KYRGYZ = 29, "柯尔克孜族", "柯尔克孜"
    TU = 30, "土族", "土"
    DAUR = 31, "达斡尔族", "达斡尔"
    MULAO = 32, "仫佬族", "仫佬"
    QIANG = 33, "羌族", "羌"
    BLANG = 34, "布朗族", "布朗"
    SALAR = 35, "撒拉族", "撒拉"
    MAONAN = 36, "毛南族", "毛南"
    GELAO = 37, "仡佬族", "仡佬"
    XIBE = 38, "锡伯族", "锡伯"
    ACHANG = 39, "阿昌族", "阿昌"
    PUMI = 40, "普米族", "普米"
    TAJIK = 41, "塔吉克族", "塔吉克"
    NU = 42, "怒族", "怒"
    UZBEK = 43, "乌孜别克族", "乌孜别克"
    RUSSIAN = 44, "俄罗斯族", "俄罗斯"
    EWENKI = 45, "鄂温克族", "鄂温克"
    DEANG = 46, "德昂族", "德昂"
    BONAN = 47, "保安族", "保安"
    YUGUR = 48, "裕固族", "裕固"
    GIN = 49, "京族", "京"
    TATAR = 50, "塔塔尔族", "塔塔尔"
    DERUNG = 51, "独龙族", "独龙"
    OROQEN = 52, "鄂伦春族", "鄂伦春"
    HEZHEN = 53, "赫哲族", "赫哲"
    MONPA = 54, "门巴族", "门巴"
    LHOBA = 55, "珞巴族", "珞巴"
    JINO = 56, "基诺族", "基诺"
    OTHER = 97, "其他"
    FOREIGN = 98, "外国血统"
    MINORITY = 99, "少数民族"


class NoContact(Term):
    """不要联系: whose telephone is not to be called or written to."""

    PERSON = 1, "本人电话"
    GUARDIAN = 2, "监护人电话"


#: Surnames of two characters; any other Chinese surname is its first one.
_DOUBLE = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔"
    "申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空令狐呼延百里东郭南门"
)
DOUBLE_SURNAMES = frozenset(_DOUBLE[at : at + 2] for at in range(0, len(_DOUBLE), 2))


def alias_of(name: str) -> str:
    """称呼: a name for a screen that others see too: the surname and 某.

    Of a name with a middle dot, or in other letters, only the first character stays.
    """
    name = name.strip()
    if not name:
        return ""
    return (name[:2] if name[:2] in DOUBLE_SURNAMES and len(name) > 2 else name[0]) + "某"
