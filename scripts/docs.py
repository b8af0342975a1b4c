"""Make what docs/ repeats of the code: problems, configuration, floors, what the demo has planted.

`python -m scripts.docs --write` writes them; without it, names those that are stale, and fails.
"""

import argparse
import re
import sys
from configparser import ConfigParser
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from app import main as _main  # noqa: F401  every problem is defined where main can reach it
from app.alerts.rules.catalogue import RULES
from app.config import ROOT, Settings
from app.demo.plants import PLANTS, county_of
from app.demo.settle import build_world
from app.demo.start import SEED
from app.demo.world import county_rows
from app.error_handlers import status_of
from app.errors import DomainError, every_problem
from app.ops.remedies import REMEDIES

PROBLEMS = """\
# 问题说明 · Problems

由 `python -m scripts.docs --write` 生成，请勿手改。 Generated; do not edit.

被拒绝的请求得到 `application/problem+json`（RFC 9457）：`type` 是下面的地址，`title`、`detail` 是
中文（`Accept-Language: en` 时为英文），`status` 是 HTTP 状态，`instance` 是请求编号。另有：`errors`
（逐项 `pointer` 与 `detail`）、`pointer`（哪一项）、`batch`、`event`、`in_the_way`（挡路的登记）、
`nearest`（相近的标签码）；`"retry": true` 表示缺的那一步补传后，原样再发可能就能登记。
浏览器打开同一地址看到的是页面，例如 `/problems/bag-is-sealed`。

A refusal answers with its type's address, a title and a sentence in Chinese (English by
Accept-Language), and typed extras. A refusal with `"retry": true` may be cured by an event that has not
been sent yet: send the same body again later.
"""
CONFIGURATION = """\
# 配置 · Configuration

由 `python -m scripts.docs --write` 从 `app/config.py` 生成，请勿手改。 Generated; do not edit.

全部用环境变量配置，没有配置文件。`serve` 和 `demo` 的 `--host`、`--port` 优先于 `HOST`、`PORT`。
All settings are environment variables; there is no configuration file.

| 变量 | 默认 | 含义 |
|---|---|---|
"""
AFTER_CONFIGURATION = """
`DATABASE_URL` 用库属主或超级用户的地址也可以：每个连接都降为角色 `platform_app`，对存证日志只能读、只能追加
（[决定 3](decisions/0003-embedded-database-and-role.md)）。迁移用 `PLATFORM_OWNER_DATABASE_URL`，
不设则用 `DATABASE_URL`。`PLATFORM_QR_HOST` 会印在标签上，发放第一张标签之前定下来。

扫码要用摄像头，浏览器只在 https（或本机）上给网页用：正式运行必须有 TLS 证书。微信里可以另外用它自带的扫一扫：
把 `PLATFORM_WECHAT_SCAN_MODULE` 设为本站一个脚本的路径（例如放在反向代理后面的 `/wx/scan.js`）。这个脚本由有公众号的单位自己提供，
`export default` 一个异步函数，返回已经 `wx.config` 好、能调 `scanQRCode` 的 `wx`。平台自己不连微信的服务器，也不存公众号的密钥。

| 只在运行检查时用 | 含义 |
|---|---|
| `TEST_DATABASE_URL` | 测试用的数据库服务器（属主地址）；不设则在临时目录里起内置数据库 |
"""


def problems() -> str:
    """Return docs/problems.md."""
    return PROBLEMS + "".join(_entry(kind) for kind in every_problem() if _is_ours(kind))


def _is_ours(kind: type[DomainError]) -> bool:
    """Tell whether a problem is the platform's; tests may define their own."""
    return kind.__module__.startswith("app.")


def _entry(kind: type[DomainError]) -> str:
    remedy = REMEDIES[kind.name]
    english = (kind.__doc__ or "").strip().replace("\n", " ")
    return (
        f"\n## {kind.name}\n\n"
        f"**{kind.title[0]}** · HTTP {status_of(kind())} · `/problems/{kind.name}`\n\n"
        f"- 什么时候：{remedy.when}\n"
        f"- 怎么办：{remedy.advice}\n"
        f"- *{kind.title[1]}.* {english}\n"
    )


def configuration() -> str:
    """Return docs/configuration.md."""
    rows = (
        f"| `{variable(name, field)}` | {_default(field.default)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return CONFIGURATION + "".join(rows) + AFTER_CONFIGURATION


def variable(name: str, field: FieldInfo) -> str:
    """Return the environment variable that a setting is read from."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"PLATFORM_{name.upper()}"


def _default(value: Any) -> str:
    if value is None or value == "":
        return "（不设）"
    if isinstance(value, Path):
        value = value.relative_to(ROOT)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def architecture() -> str:
    """Return docs/architecture.md with the floors of .importlinter between their marks."""
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    floors = contracts["importlinter:contract:floors"]["layers"].strip()
    written = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return re.sub(
        r"(<!-- floors[^\n]*-->\n).*?(<!-- end floors -->)",
        lambda found: f"{found[1]}```\n{floors}\n```\n{found[2]}",
        written,
        flags=re.DOTALL,
    )


def demonstration() -> str:
    """Return docs/demo.md with what is planted in its season between their marks."""
    written = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
    return re.sub(
        r"(<!-- plants[^\n]*-->\n).*?(<!-- end plants -->)",
        lambda found: f"{found[1]}{_plants()}{found[2]}",
        written,
        flags=re.DOTALL,
    )


def _plants() -> str:
    # Sites hang on the seed alone; any last day will do.
    world = build_world(SEED, date(2025, 11, 21))
    names = county_rows()
    lines = [
        "| 预警 | 在哪里 | 哪一天 | 是什么样 | 怎么找 |\n",
        "|---|---|---|---|---|\n",
    ]
    for plant in PLANTS:
        county = county_of(plant, world)
        sites = [f"{county}-{number}" for number in plant.sites]
        where = "、".join(f"`{code}` {world.site[code].name}" for code in sites)
        days = "—" if plant.days_ago is None else f"最后一天之前 {plant.days_ago} 天"
        state = "gone" if plant.settles else "todo"
        lines.append(
            f"| {RULES[plant.rule].title} `{plant.rule}` "
            f"| {county} {names[county]['name']}{'：' if where else ''}{where} "
            f"| {days} | {plant.looks} "
            f"| `/alerts?state={state}&rule={plant.rule}&area={county}` |\n"
        )
    return "".join(lines)


GENERATED = {
    "docs/demo.md": demonstration,
    "docs/architecture.md": architecture,
    "docs/problems.md": problems,
    "docs/configuration.md": configuration,
}


def stale() -> list[str]:
    """Return the generated documents that are not what the code says."""
    return [
        path
        for path, made in GENERATED.items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != made()
    ]


def main() -> None:
    """Write the documents, or name the stale ones and exit 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what is stale")
    write: bool = parser.parse_args().write
    found = stale()
    for path in found:
        if write:
            (ROOT / path).write_text(GENERATED[path](), encoding="utf-8")
        print(f"{path} {'written' if write else 'is stale: python -m scripts.docs --write'}")
    sys.exit(1 if found and not write else 0)


if __name__ == "__main__":
    main()
