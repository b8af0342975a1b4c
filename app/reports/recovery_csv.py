"""The recovery report as .csv for Excel: UTF-8 with a BOM, one row a row."""

import csv
import io

from app.csv_cells import BOM, cell_of
from app.reports.formulae import METHOD
from app.reports.recovery import Report

COLUMNS = {
    "area": "区划代码",
    "name": "名称",
    "pilot": "试点",
    "period": "期间",
    "generated_g": "产生量（克）",
    "collected_g": "回收量（克）",
    "confirmed_g": "复核量（克）",
    "recovery_rate": "回收率",
    "target_rate": "目标",
    "resource_use_rate": "资源化利用率",
    "treatment_rate": "处理率",
    "opening_g": "期初结存（克）",
    "held_g": "期末在库（克）",
    "in_transit_g": "期末在途（克）",
    "treated_g": "处理量（克）",
    "loss_g": "损耗与差异（克）",
    "prior_adjustment_g": "补录（克）",
    "covered": "有产生量的县",
    "counties": "县数",
}
BASES = {"origin": "按回收地", "place": "按所在地"}


def recovery_csv(report: Report) -> bytes:
    """Return the report's rows with Chinese headings; the last columns say how they were made."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*COLUMNS.values(), "说明", "方法", "口径", "日志条数", "截至"])
    made = [METHOD, BASES[report.basis], report.log_size, report.as_of.isoformat()]
    for row in report.rows:
        why = "；".join(dict.fromkeys(row["why"].values()))
        cells = [row[name] for name in COLUMNS]
        writer.writerow([cell_of(value) for value in [*cells, why, *made]])
    return BOM + out.getvalue().encode()
