"""How large a table file may be, and the refusals that say so. Checked before any office library sees the bytes."""

from __future__ import annotations

from typing import Final

from xzdesk.core.errors import UserError

MAX_FILE: Final = 32 * 1024 * 1024
MAX_MEMBERS: Final = 2_000
MAX_DIRECTORY: Final = 1024 * 1024
"""Bytes of a zip's central directory."""
MAX_XML: Final = 96 * 1024 * 1024
"""Inflated bytes of all XML of a workbook together."""
MAX_RATIO: Final = 200
"""Inflated to packed, for members that inflate beyond ``RATIO_FROM``."""
RATIO_FROM: Final = 1024 * 1024
MAX_MARKS: Final = 4_000_000
"""``<`` and ``=`` in all XML together: parsing takes time by tags and attributes, not by bytes."""
MAX_SHEETS: Final = 200
MAX_CELLS: Final = 450_000
"""Filled cells of a workbook."""
MAX_AREA: Final = 4_000_000
"""Cells of the rectangles from A1 to the last filled cell, of all sheets: memory is needed for each of them."""
MAX_ROWS: Final = 1_048_576
MAX_COLUMNS: Final = 16_384
MAX_TEXT: Final = 64 * 1024 * 1024
"""Characters of all cells, a text that is shared by many cells counted at each."""


def too_large(what: str, hint: str = "请分成几个较小的文件，或把需要的内容复制到新的工作簿里再导入。") -> UserError:
    """The refusal of a file that is larger than any honest one."""
    return UserError("table.too_large", f"文件{what}，没有打开。", hint)


def damaged(what: str) -> UserError:
    """The refusal of a file whose inside is not as its format demands."""
    return UserError(
        "table.damaged",
        f"文件损坏或不是规范的表格（{what}）。",
        "请用 WPS 或 Excel 打开，另存为“Excel 工作簿（.xlsx）”后再导入。",
    )
