"""Every setting of the platform, in one place; docs/configuration.md lists them."""

from functools import lru_cache
from pathlib import Path

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
APP_ROLE = "platform_app"
MAX_QR_HOST = 20
"""Version 4 at level H holds 50 characters: `HTTPS://` + host + `/B/` + 19 of code."""


class Settings(BaseSettings):
    """Read from the environment: `DATABASE_URL`, `HOST`, `PORT`, else `PLATFORM_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PLATFORM_", extra="ignore", frozen=True)

    database_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL ≥ 15 的地址；不设则在数据目录下运行内置数据库",
    )
    postgres_binaries: Path | None = Field(
        default=None,
        description="内置数据库所用 PostgreSQL 程序的 bin 目录；不设则用 Python 包自带的，再找系统的",
    )
    owner_database_url: str | None = Field(
        default=None, description="迁移用的库属主地址；不设则用 DATABASE_URL"
    )
    host: str = Field(
        default="127.0.0.1",
        validation_alias=AliasChoices("HOST", "host"),
        description="监听地址",
    )
    port: int = Field(
        default=8000,
        validation_alias=AliasChoices("PORT", "port"),
        ge=0,
        le=65535,
        description="监听端口",
    )
    data_folder: Path = Field(default=ROOT / "var" / "data", description="内置数据库等数据的目录")
    qr_host: str = Field(
        default="NY.HEBEI.GOV.CN", description="标签二维码里的主机名，至多 20 个字符"
    )
    demo: bool = Field(default=False, description="演示模式：横幅、标签套印，由 demo 命令设置")
    log_origin: str = Field(
        default="hebei-nybz.example/log", description="存证日志的名称；演示用另一个名称"
    )
    signer_folder: Path | None = Field(
        default=None,
        description="签名钥匙和最近一次签名的日志头所在目录，不要放进数据库备份；不设则用数据目录下的 signer",
    )
    receipt_key_file: Path | None = Field(
        default=None,
        description="签存证回执的钥匙文件，每台服务器一个；不设则用数据目录下的 receipt.key",
    )
    witnesses: str = Field(
        default="",
        description="为存证日志作见证的见证人，逗号分隔，每个是“公钥 地址”（中间一个空格）",
    )
    session_hours: int = Field(default=12, ge=1, le=24 * 30, description="登录有效小时数")
    setup_link_hours: int = Field(default=24, ge=1, description="一次性设置链接的有效小时数")
    pool_size: int = Field(default=10, ge=1, description="每个进程的数据库连接数")
    statement_timeout_ms: int = Field(default=30_000, ge=0, description="单条语句的时限（毫秒）")
    max_body_bytes: int = Field(default=4_000_000, ge=1_000, description="请求正文的上限（字节）")
    trusted_proxies: str = Field(
        default="", description="可信反向代理的地址，逗号分隔；只采信它们的 X-Forwarded-*"
    )
    webhook_allow_private: bool = Field(
        default=False,
        description="允许把预警推送到内部网络的地址（测试用；正式运行不要打开）",
    )
    wechat_scan_module: str = Field(
        default="",
        pattern=r"^(/[\w.?=&-][\w./?=&-]*)?$",
        description="用微信扫一扫时，本站上一个脚本的路径，它的默认导出给出配置好的 wx；不设则不用",
    )
    log_format: str = Field(
        default="console", pattern="^(console|json)$", description="日志格式：console 或 json"
    )

    @field_validator("qr_host")
    @classmethod
    def _qr_host_fits_the_symbol(cls, host: str) -> str:
        host = host.upper()
        allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:")
        if not host or len(host) > MAX_QR_HOST or not set(host) <= allowed:
            raise ValueError(
                f"PLATFORM_QR_HOST 至多 {MAX_QR_HOST} 个字符（字母、数字、. - :）：{host!r}"
            )
        return host


@lru_cache
def settings() -> Settings:
    """Return the process's settings, read once."""
    return Settings()
