"""长效针剂: the sheet of doses given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from casemgr.forms.cell import Amount, Code, FullDay, Mark, Symbol, Whole, Word
from casemgr.forms.followup import after_death
from casemgr.forms.known import CaseFacts
from casemgr.forms.spec import Column, Fault, Sheet, shown
from casemgr.terms.code import normal
from casemgr.terms.injection import Product, Site


class DoseRow(NamedTuple):
    """One dose as the workbook has it; ``dose_ug`` in micrograms."""

    file_no: str
    product: str
    product_name: str | None
    on: int
    dose_ug: int | None
    ordinal: int | None
    site: int | None
    batch: str | None
    given_at: str | None


class DoseAround(NamedTuple):
    """What the checks of a dose need besides the row."""

    case: CaseFacts
    product: Product


SHEET: Sheet[DoseRow, DoseAround] = Sheet(
    "长效针剂",
    "dose",
    (
        Column("file_no", "档案编号", Mark(), required=True),
        Column("product", "产品代码", Symbol(), required=True),
        Column("product_name", "产品名称", Word()),
        Column("on", "注射日期", FullDay(), required=True, past=True),
        Column("dose_ug", "剂量mg", Amount("mg", zero=False)),
        Column("ordinal", "剂次", Whole(1)),
        Column("site", "部位", Code(Site)),
        Column("batch", "批号", Mark(40)),
        Column("given_at", "注射单位", Word()),
    ),
    DoseRow,
)
check = SHEET.check


def faults(row: DoseRow, case: CaseFacts, products: Mapping[str, Product]) -> Iterator[Fault]:
    """What cannot be true of a dose of this case (contract: code, after-death)."""
    if row.product not in products:
        yield Fault("code", "产品代码", ("产品代码", "、".join(sorted(products))))
    yield from after_death(row.on, "注射日期", case)


@check(
    "tm02",
    "注射日期",
    "注射早于建档日期（{0}）。请改正其中一个日期；如为建档前的用药史，请保留。",
)
def _after_registration(row: DoseRow, around: DoseAround) -> tuple[object, ...] | None:
    return (shown(around.case.registered_on),) if row.on < around.case.registered_on else None


@check(
    "tm04",
    "注射日期",
    "患者已于{0}迁出或排除，此后仍有注射。状态与记录矛盾。请更正患者状态，或核对这一针属于哪位患者。",
)
def _case_was_open(row: DoseRow, around: DoseAround) -> tuple[object, ...] | None:
    left = around.case.left_on
    return (shown(left),) if left is not None and row.on > left else None


@check(
    "la05",
    "部位",
    "注射部位“{0}”不是该产品说明书列出的部位。部位不对会影响吸收。请核对部位，或核对产品代码。",
)
def _site_is_allowed(row: DoseRow, around: DoseAround) -> tuple[object, ...] | None:
    sites = around.product.sites
    if row.site is None or not sites or row.site in sites:
        return None
    return (Site.read(row.site).label,)


@check(
    "la06",
    "剂量mg",
    "剂量 {0} mg 不是该产品的规格。可能混淆了盐和活性成分的剂量，或选错产品。请核对剂量，或核对产品代码。",
)
def _dose_is_a_strength(row: DoseRow, around: DoseAround) -> tuple[object, ...] | None:
    strengths = around.product.strengths_ug
    if row.dose_ug is None or not strengths or row.dose_ug in strengths:
        return None
    return (f"{row.dose_ug / 1000:g}",)


@check(
    "la07",
    "剂量mg",
    "没有填写{0}。下一针的时间和剂量都要靠它判断。请补填，或向注射单位核实后再补。",
)
def _dose_is_complete(row: DoseRow, _: DoseAround) -> tuple[object, ...] | None:
    missing = [label for label, value in (("剂量", row.dose_ug), ("部位", row.site)) if value is None]
    return ("和".join(missing),) if missing else None


@check(
    "la15",
    "批号",
    "没有填写批号。出现不良反应或召回时需要批号。请补填，或向注射单位核实后再补。",
)
def _batch_is_known(row: DoseRow, _: DoseAround) -> tuple[object, ...] | None:
    return () if row.batch is None else None


@check(
    "rg05",
    "产品名称",
    "产品名称与产品代码不一致。以代码为准会按另一种药提醒。请改正产品代码，或改正产品名称。",
)
def _name_fits_product(row: DoseRow, around: DoseAround) -> tuple[object, ...] | None:
    if row.product_name is None:
        return None
    told, name = normal(row.product_name), normal(around.product.name)
    return None if told in name or name in told else ()
