"""报表: kinds of reports, and the forms in which one is given out."""

from casemgr.terms.code import Term


class ReportKind(Term):
    """报表种类."""

    MONTHLY = 1, "月报"
    QUARTERLY = 2, "季报"
    YEARLY = 3, "年报"
    EXCHANGE = 9, "信息交换表"
    STATISTICS = 14, "年度统计报表"

    @property
    def slug(self) -> str:
        """The plain word for it inside files and addresses."""
        return self.name.lower()


class Rendition(Term):
    """报表格式: how one and the same issue is given out."""

    TABLE = 1, "统计表"
    OFFICIAL = 2, "公文"
    TABLE_ARCHIVE = 3, "统计表（归档 PDF/A）"
    OFFICIAL_ARCHIVE = 4, "公文（归档 PDF/A）"
    WORKBOOK = 5, "Excel"
