"""The Chinese words for trips, on pages and on paper. Pure."""

STATES = {
    "open": "待发",
    "under_way": "在途",
    "delivered": "已送达",
    "in_dispute": "有异议",
    "overdue": "超期",
}
REGIMES = {"internal": "转运交接单（豁免运输）", "hazardous": "危险废物转移"}
BAG_STATES = {"moving": "在途", "arrived": "已签收", "returned": "已退回", "written_off": "已核销"}
OUTCOMES = {"refused": "拒收", "missing": "缺失", "damaged": "破损"}
NOTHING_RIDES = {
    "taken_back": "登记的发运已经撤回，这张单上现在没有袋。",
    "not_told": "发运的容器里装了哪些袋还没有登记；装箱记录传上来以后，这里会列出各袋。",
}
SIDES = {"origin": "发运站点", "carrier": "承运方"}
MANIFEST_ELSEWHERE = (
    "本次运输按危险废物管理，须随车携带危险废物转移联单。联单在国家危险废物信息管理系统中运行，"
    "本平台只记录其编号；接收单位应按期在国家系统确认。"
)
FLAGS_ON_PAPER = {
    "arrived-elsewhere": "送到的地方与交接单不同",
    "not-on-this-trip": "有袋不在这张交接单上",
    "manifest-doubtful": "转移联单编号的年份或省份不对",
    "manifest-used-before": "转移联单编号已用在别的单位或别的车次",
    "other-vehicle": "发运车辆与交接单不同",
    "receiver-not-listed": "接收单位不在资源化利用单位名单内",
    "receiver-permit-not-in-force": "接收单位没有有效的许可证",
}


def said_of_difference(difference_g: int, carried_g: int) -> str:
    """Say how much less or more arrived than left, in kilograms and per cent."""
    way = "少" if difference_g < 0 else "多"
    words = f"签收比发运{way} {abs(difference_g) / 1000:,.2f} kg"
    return f"{words}（{abs(difference_g) / carried_g * 100:.1f} %）" if carried_g else words
