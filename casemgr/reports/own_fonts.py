"""机关自备字体: the 仿宋 and 小标宋 files that an agency lays into its installation for its 公文.

GB/T 9704 asks for 仿宋 and 小标宋, which may be used where an office owns them but not be shipped. A file is
taken only if it is a font and its licence bits let it be put into a document; without one the shipped
sans-serif stands in its place.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

#: File (without ending) in the folder → name of the family in static/css/print.css, and what people call it.
FAMILIES: Mapping[str, tuple[str, str]] = {
    "fangsong": ("Agency FangSong", "仿宋"),
    "xiaobiaosong": ("Agency XiaoBiaoSong", "小标宋"),
}
ENDINGS = (".ttf", ".otf")
FOLDER = "fonts"
_KINDS = (b"\0\1\0\0", b"OTTO", b"true")
#: OS/2.fsType: embedding is forbidden; nothing else is said by the bit.
_FORBIDDEN = 0x0002


class UnfitFont(ValueError):
    """A file that lies in the folder but cannot be used; the sentence says why and what helps."""


def own_fonts(folder: Path) -> dict[str, Path]:
    """Family → file of the fonts in ``folder``; :class:`UnfitFont` for one that may not or cannot be used."""
    found = {}
    for name, (family, called) in FAMILIES.items():
        file = next((one for ending in ENDINGS if (one := folder / f"{name}{ending}").is_file()), None)
        if file is None:
            continue
        bits = licence_bits(file.read_bytes())
        if bits is None:
            raise UnfitFont(
                f"自备{called}字体文件 {file.name} 不是 TrueType 或 OpenType 字体，公文无法排印。"
                "请换成 .ttf 或 .otf 单个字体文件（不是 .ttc 合集），或删除它，改用系统自带的黑体。"
            )
        if bits & _FORBIDDEN:
            raise UnfitFont(
                f"自备{called}字体文件 {file.name} 的许可不允许嵌入文件，用它排出的公文换一台电脑会变样。"
                "请换成允许嵌入的字体，或删除它，改用系统自带的黑体。"
            )
        found[family] = file
    return found


def licence_bits(content: bytes) -> int | None:
    """``OS/2.fsType`` of a font file; ``None`` for what is no font."""
    if content[:4] not in _KINDS or len(content) < 12:
        return None
    try:
        for place in range(struct.unpack_from(">H", content, 4)[0]):
            tag, _sum, offset, _length = struct.unpack_from(">4sLLL", content, 12 + 16 * place)
            if tag == b"OS/2":
                return int(struct.unpack_from(">H", content, offset + 8)[0])
    except struct.error:
        pass
    return None
