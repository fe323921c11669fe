"""文件检查: whether a file is a workbook that may be opened at all — guards before any parser sees it.

Everything is counted while inflating, never taken from what the file says about itself. Sheets are streamed
and may be large; every other part is held in memory by the parser and may not.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

MIB = 1024 * 1024
LARGEST_FILE = 64 * MIB
#: Parts the parser keeps in memory (shared texts, styles), together.
LARGEST_PARTS = 100 * MIB
#: Sheets, together. They are streamed, so their size costs time and no memory; 200,000 visits with all
#: columns inflate to 240 MiB with shared texts and to 440 MiB with texts written into the cells.
LARGEST_SHEETS = 640 * MIB
LARGEST_RATIO = 150
RATIO_FROM = MIB
MOST_MEMBERS = 300
PIECE = 256 * 1024
OVERLAP = 64

ZIP, CFB = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml")
#: Parts with code or links to elsewhere; a workbook of records needs none of them.
ACTIVE = re.compile(
    r"vbaProject|\.bin$|/activeX/|/embeddings/|/externalLinks/|/ctrlProps/|/customUI|\.(exe|dll|js|vbs|ps1|bat|cmd)$",
    re.IGNORECASE,
)
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
DECLARATIONS = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
FOREIGN_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")

#: Chinese sentences by code: what is wrong, why it matters, what to do.
SAYS = {
    "empty": "文件是空的。请确认选对了文件，或重新导出后再导入。",
    "too-large": (
        "文件有 {size} MB，超过 {limit} MB 的上限，没有读取。请按乡镇拆成几个文件分别导入，"
        "或删去与导入无关的工作表和图片。"
    ),
    "not-excel": (
        "这不是 Excel 工作簿（.xlsx）。为防止误读，没有读取任何内容。"
        "请在 Excel 中“另存为”Excel 工作簿（.xlsx），"
        "或用本系统导出的工作簿作模板。"
    ),
    "old-excel": (
        "这是旧格式的 Excel 文件（.xls）。请在 Excel 中打开后“另存为”Excel 工作簿（.xlsx），再重新导入。"
    ),
    "encrypted": (
        "文件设有打开密码，无法读取。请在 Excel 中打开后去掉密码（文件—信息—保护工作簿）另存，再重新导入；"
        "传送时请改用系统内上传，不要用聊天软件。"
    ),
    "damaged": (
        "文件已损坏或不完整，没有导入任何内容。请重新导出或重新拷贝后再导入，或在 Excel 中打开并另存一次。"
    ),
    "macros": (
        "文件含有宏、控件、嵌入对象或外部链接，为安全起见没有读取。"
        "请另存为不含宏的 Excel 工作簿（.xlsx），断开外部链接后再导入。"
    ),
    "bomb": (
        "文件解压后异常庞大，为保护服务器没有读取。请确认文件来源；若确是登记数据，"
        "请按乡镇拆成几个文件分别导入。"
    ),
    "unsafe": (
        "文件内部结构不正常（{detail}），为安全起见没有读取。请在 Excel 中打开并另存一次，"
        "或从来源系统重新导出。"
    ),
    "too-many-rows": (
        "“{sheet}”表超过 {limit} 行，没有导入任何内容。请按乡镇拆成几个文件分别导入，"
        "每个文件每张表不超过 {limit} 行。"
    ),
    "too-long": (
        "读取用时或占用内存超过上限，没有导入任何内容。请按乡镇拆成几个文件分别导入，"
        "或删去多余的空行和格式后重试。"
    ),
    "sheet": (
        "缺少工作表：{sheets}。六张表须齐全，没有内容的表也请保留表头。请补上，或用本系统导出的工作簿作模板。"
    ),
    "header": "“{sheet}”表是空的，第一行应为列名。请补上列名，或用本系统导出的工作簿作模板。",
}


class Refusal(Exception):
    """The file is not read; ``code`` is a key of :data:`SAYS`."""

    def __init__(self, code: str, **words: object) -> None:
        super().__init__(code)
        self.code = code
        self.words = words

    @property
    def message(self) -> str:
        """The Chinese sentence for the person who brought the file."""
        return SAYS[self.code].format(**self.words)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a safe archive holds: an estimate of its rows, for progress."""

    rows: int


def check_size(size: int) -> None:
    """Refuse a file by its size alone, before a byte of it is read."""
    if size == 0:
        raise Refusal("empty")
    if size > LARGEST_FILE:
        raise Refusal("too-large", size=-(-size // MIB), limit=LARGEST_FILE // MIB)


def check_signature(head: bytes, rest: bytes = b"") -> None:
    """Refuse what does not begin like a workbook; an encrypted one gets its own sentence."""
    if head.startswith(CFB):
        raise Refusal("encrypted" if ENCRYPTED in head + rest else "old-excel")
    if not head.startswith(ZIP):
        raise Refusal("not-excel")


def inspect(data: bytes) -> Contents:
    """Inflate every part once, counting, and refuse whatever is not a plain workbook of records."""
    check_size(len(data))
    check_signature(data[:8], data[8 : 4 * MIB])
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _inspect(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as wrong:
        raise Refusal("damaged") from wrong


def _inspect(archive: zipfile.ZipFile) -> Contents:
    members = archive.infolist()
    _check_names(members)
    rows = parts = sheets = 0
    for member in members:
        is_sheet = SHEET_PART.fullmatch(member.filename) is not None
        with archive.open(member) as source:
            room = LARGEST_SHEETS - sheets if is_sheet else LARGEST_PARTS - parts
            size, found = _inflate(source, member, room)
        rows += found
        if is_sheet:
            sheets += size
        else:
            parts += size
    headers = sum(1 for member in members if SHEET_PART.fullmatch(member.filename))
    return Contents(max(rows - headers, 0))


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(names) > MOST_MEMBERS:
        raise Refusal("unsafe", detail="部件过多")
    if len({name.lower() for name in names}) != len(names):
        raise Refusal("unsafe", detail="部件重名")
    for member in members:
        name = member.filename
        if name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name or "\\" in name:
            raise Refusal("unsafe", detail="部件路径异常")
        if member.flag_bits & 1:
            raise Refusal("encrypted")
        if member.external_attr >> 16 & 0o170000 == 0o120000:
            raise Refusal("unsafe", detail="含有符号链接")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refusal("unsafe", detail="压缩方式异常")
    # What kind of document it is comes before what may be in it: a text document has parts of its own.
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise Refusal("not-excel")
    if any(ACTIVE.search(name) for name in names):
        raise Refusal("macros")


def _inflate(source: IO[bytes], member: zipfile.ZipInfo, room: int) -> tuple[int, int]:
    """(inflated size, rows) of one part; refuses size, ratio, declarations and other encodings on the way."""
    is_xml = member.filename.endswith((".xml", ".rels", ".vml"))
    size = rows = 0
    before = b""
    while piece := source.read(PIECE):
        first = size == 0
        size += len(piece)
        if size > room or (size > RATIO_FROM and size > LARGEST_RATIO * max(member.compress_size, 1)):
            raise Refusal("bomb")
        if not is_xml:
            continue
        if first and (b"\x00" in piece or piece[:2] in UTF_16_MARKS or FOREIGN_ENCODING.match(piece)):
            raise Refusal("unsafe", detail="文字编码不是 UTF-8")
        window = before + piece
        if DECLARATIONS.search(window):
            raise Refusal("unsafe", detail="含有 DTD 或实体声明")
        rows += sum(1 for match in ROW.finditer(window) if match.end() > len(before))
        before = piece[-OVERLAP:]
    return size, rows
