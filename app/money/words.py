"""What money is called, and how fen are written. Pure."""

from decimal import Decimal

SCHEMES = {"deposit": "押金", "buyback": "有偿回收", "subsidy": "补贴"}
LINES = {
    "deposit_taken": "代收押金",
    "deposit_refund": "退还押金",
    "buyback": "有偿回收",
    "subsidy": "补贴",
}
PAYEES = {"shop": "回收点", "hauler": "运输单位", "plant": "处理单位"}
PER = {"piece": "件", "kg": "千克", "tonne": "吨"}


def yuan(fen: int) -> str:
    """Return fen as yuan with two places: integers all the way.

    >>> yuan(-5), yuan(123456)
    ('-0.05', '1234.56')
    """
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def in_yuan(fen: int) -> Decimal:
    """Return fen as the number of yuan that a cell of a table holds, exactly."""
    return Decimal(fen).scaleb(-2)
