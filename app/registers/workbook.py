"""Write .xlsx files: an empty template that explains itself, a refused file with its errors."""

import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from app.registers.register import DOCUMENT, NAME, NOTE, VALID_FROM, VALID_TO, Register

WIDTH = 22
EXPLAINED = ("列", "是否必填", "怎么填", "可填的值")
ERRORS = "错误"
"""How the heading of the last column of a file that is given back begins."""
_FORMATS = {
    "text": "文字",
    "integer": "整数，不小于 0",
    "date": "日期，如 2026-01-31",
    "year": "四位年份，如 2025",
    "choice": "从可填的值里选一个",
    "credit_code": "18 位统一社会信用代码",
    "county": "县（市、区）的名称或六位区划代码；同名的写代码，或前面加市名，如石家庄市桥西区",
    "area": "设区市、定州、辛集或雄安新区的名称或区划代码",
    "industry": "行业分类的名称或编码，也可写文件里印出的行业名称",
    "phone": "手机号码，或带区号的电话号码，如 0311-12345678",
    "url": "网址，以 http:// 或 https:// 开头",
    "entry": "所指名单里那一条的名称或编号",
}
_COMMON_FORMATS = {
    NAME: "文字，至多 200 个字",
    DOCUMENT: "公布这一条的文件的文号",
    VALID_FROM: "日期，如 2026-01-31",
    VALID_TO: "日期，含当日；长期有效的不填",
    NOTE: "文字",
}


def template_xlsx(register: Register) -> bytes:
    """Return an empty sheet with a register's headings, and a second one that explains them."""
    book = Workbook(write_only=True)
    _sheet(book, register.name, [list(register.columns.values())])
    _sheet(book, "填写说明", [EXPLAINED, *explained(register)])
    return _bytes_of(book)


def explained(register: Register) -> list[Sequence[str]]:
    """Return what the columns of a register's sheet take, a row a column, as EXPLAINED heads it."""
    fields = {field.name: field for field in register.fields}
    rows: list[Sequence[str]] = []
    for part, label in register.columns.items():
        field = fields.get(part)
        how = _COMMON_FORMATS[part] if field is None else _FORMATS.get(field.kind, "")
        if field and field.kind == "quantity":
            how = f"数字，单位{field.unit}"
        if field and field.personal:
            how += "；个人信息，只有负责部门看得到"
        required = "必填" if part in register.required else "选填"
        rows.append((label, required, how, "、".join(field.choices) if field else ""))
    return rows


def errors_xlsx(cells: Sequence[Sequence[Any]], faults: Iterable[dict[str, Any]]) -> bytes:
    """Return a refused sheet as it was, with what is wrong in each row in a last column.

    `cells` are rows as `register_import` keeps them: the number, then the texts; headings first.
    """
    wrong: dict[int, list[str]] = defaultdict(list)
    for fault in faults:
        column, detail = fault["column"] or "", fault["detail"]
        named = not column or detail.startswith(column)
        wrong[fault["row"]].append(detail if named else f"{column}：{detail}")
    dropped = {i for i, text in enumerate(cells[0][1:]) if text.startswith(ERRORS)}
    headings = [text for i, text in enumerate(cells[0][1:]) if i not in dropped]
    width = max(len(row) for row in cells) - 1 - len(dropped)
    rows = [[*_padded(headings, width), "；".join([ERRORS, *wrong[cells[0][0]]])]]
    for number, *texts in cells[1:]:
        kept = [text for i, text in enumerate(texts) if i not in dropped]
        rows.append([*_padded(kept, width), "；".join(wrong[number])])
    book = Workbook(write_only=True)
    _sheet(book, ERRORS, rows)
    return _bytes_of(book)


def _padded(texts: Sequence[str], width: int) -> list[str]:
    return [*texts, *[""] * (width - len(texts))]


def _sheet(book: Workbook, title: str, rows: Sequence[Sequence[str]]) -> None:
    """Add a sheet of texts: none of them is a formula, whatever it begins with."""
    sheet = book.create_sheet("".join(c for c in title if c not in r"[]:*?/\'")[:31])
    sheet.freeze_panes = "A2"
    for i in range(1, max(map(len, rows)) + 1):
        sheet.column_dimensions[get_column_letter(i)].width = WIDTH
    for number, row in enumerate(rows):
        cells: list[Any] = []
        for text in row:
            if not text:
                cells.append(None)
                continue
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
            cell.data_type = "s"
            cell.number_format = "@"
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)


def _bytes_of(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
