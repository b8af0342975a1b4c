"""Who may do what: role x action x department, as one table.

A right to act is not sight: `areas/scope.py` says which rows an action can reach.
"""

from dataclasses import dataclass

from app.auth.caller import OFFICIALS, ROLE_NAMES, SITE_ROLES, Caller
from app.errors import Forbidden

DEPARTMENT_NAMES = {
    "development_reform": "发展改革",
    "ecology": "生态环境",
    "industry": "工业和信息化",
    "science": "科技",
    "finance": "财政",
    "housing": "住房城乡建设",
    "transport": "交通运输",
    "agriculture": "农业农村",
    "commerce": "商务",
    "market": "市场监管",
    "emergency": "应急管理",
    "water": "水利",
    "central_bank": "人民银行",
}
"""The thirteen departments that the plan names, at every level: whom an account can be of."""


@dataclass(frozen=True)
class Right:
    """An action's Chinese name, and the roles and departments that have it."""

    name: str
    roles: frozenset[str]
    departments: frozenset[str | None] | None = None
    """None: whichever department, or none. None among them: who is of no department."""


def _right(
    name: str, *roles: str, department: str | None = None, departments: tuple[str, ...] = ()
) -> Right:
    named = frozenset({department} if department else departments)
    return Right(name, frozenset(roles), named or None)


REGULATORS = ("agriculture", "ecology")
"""农业农村 supervises the duty to recover, 生态环境 pollution."""
EVERYONE = tuple(ROLE_NAMES)
WORKING_DEPARTMENTS: frozenset[str | None] = frozenset({"agriculture", "ecology"})
"""Who supervises the duty to recover, and who supervises pollution."""
SUPERVISORS = (*sorted(OFFICIALS), "auditor", "admin")

RIGHTS = {
    # recording: one action an event kind
    "event.hand_in": _right("登记交回", "collector"),
    "event.collect": _right("封袋", "collector", "keeper"),
    "event.deposit_sale": _right("登记押金销售", "collector"),
    "event.store": _right("入库", "collector", "keeper", "plant"),
    "event.depart": _right("发运", "collector", "keeper", "plant", "carrier"),
    "event.arrive": _right("签收", "collector", "keeper", "plant"),
    "event.dispose": _right("登记处理", "plant"),
    "event.pack": _right("装箱", "collector", "keeper", "plant"),
    "event.unpack": _right("拆箱", "collector", "keeper", "plant"),
    "event.repack": _right("分拣、合并、换签", "collector", "keeper", "plant"),
    # the holder, or whoever inspects it
    "event.stock_count": Right("盘点", SITE_ROLES | OFFICIALS, WORKING_DEPARTMENTS | {None}),
    "event.write_off": _right("核销", "county", departments=REGULATORS),
    # whoever recorded it, for a day; then the county and those above it
    "event.correct": Right(
        "更正登记", SITE_ROLES | OFFICIALS | {"carrier"}, WORKING_DEPARTMENTS | {None}
    ),
    # the phone's page: what it takes along for a village without signal
    "capture.pack": _right("取用现场登记资料", "collector", "keeper", "plant", "carrier"),
    # who shares a site's phone: its first account says so, see app/auth/people.py
    "people.manage": _right("设置现场登记的人员", "collector", "keeper", "plant"),
    # declaring
    "declare.supply": _right("申报产生量", "county", "city", "province", department="agriculture"),
    "declare.zero_report": _right("申报零报告", "collector"),
    "declare.areas": _right("更改上报区域", "province"),
    # item （九） of the plan prints 省农业农村厅 alone
    "declare.pilots": _right("指定试点县", "province", department="agriculture"),
    "declare.unit_weights": _right("发布单件空包装重", "province", department="agriculture"),
    "declare.resource_units": _right("公布资源化利用单位", "province", department="agriculture"),
    "declare.tariffs": _right(
        "登记押金、回收和补贴标准", "county", "city", "province", department="agriculture"
    ),
    # who supervises pollution decides what travels as hazardous waste
    "declare.transport_policies": _right(
        "登记运输管理规定", "city", "province", department="ecology"
    ),
    # item （十八）: 省发展改革委 organises and co-ordinates
    "declare.plan": _right("登记方案的修订", "province", department="development_reform"),
    # the lists that the plan orders; of which department, the list of its section says
    "registers.edit": _right("登记名单", "province"),
    # what targets came to; of which department, the list that answers for the target says
    "progress.enter": _right("填报目标数据", "province"),
    # the log's keys: nobody by an account, only who has the machine, at its command line
    "declare.keys": _right("登记日志的密钥"),
    # trips
    "trips.announce": _right("登记转运计划", "collector", "keeper", "plant", "carrier"),
    "trips.confirm": _right("确认交接", "collector", "keeper", "plant", "carrier"),
    # money: what is settled, and with whom; the county pays
    "money.read": _right("查看标准和结算", *EVERYONE),
    "money.settle": _right("编制、审核、支付结算单", "county", department="agriculture"),
    # labels and tokens
    "labels.issue": _right("发放标签", "township", "county", "city", "province"),
    "labels.void": _right("作废标签", "township", "county", "city", "province"),
    "labels.assign": _right("把标签发给站点", "township", "county", "city", "province"),
    "labels.tare": _right(
        "登记容器皮重", "collector", "keeper", "plant", "township", "county", "city", "province"
    ),
    "tokens.manage": _right("管理接口令牌", *EVERYONE),
    # reading
    "batches.read": _right("查看批次", *EVERYONE),
    "events.read": _right("查看记录", *EVERYONE),
    "balance.read": _right("查看物料平衡表", *EVERYONE),
    "labels.read": _right("查看标签", *EVERYONE),
    "sites.read": _right("查看站点", *EVERYONE),
    "organisations.read": _right("查看单位", *EVERYONE),
    "vehicles.read": _right("查看车辆", *EVERYONE),
    "trips.read": _right("查看转运", *EVERYONE),
    "refusals.read": _right("查看待处理", *EVERYONE),
    "reports.read": _right("查看报表", *SUPERVISORS),
    "alerts.read": _right("查看预警", *EVERYONE),
    "alerts.thresholds": _right("更改预警界限", "province", department="agriculture"),
    # cases: what was found wrong is worked on by either supervisor; a site's people add to it
    "cases.read": _right("查看处理情况", *EVERYONE),
    "cases.work": Right(
        "认领、办结预警", frozenset({"county", "city", "province"}), WORKING_DEPARTMENTS
    ),
    "cases.note": Right(
        "写处理情况",
        frozenset({"collector", "keeper", "plant", "county", "city", "province"}),
        WORKING_DEPARTMENTS | {None},
    ),
    "cases.terms": Right("更改办理时限", frozenset({"province"}), WORKING_DEPARTMENTS),
    "workdays.enter": _right("登记节假日和调休", "province"),
    "webhooks.manage": _right("管理推送地址", "county", "city", "province", "admin"),
    "log.entries": _right("取用登记原文", "auditor"),
    "registers.read": _right("查看未公布的名单", *SUPERVISORS),
}


def allows(caller: Caller, action: str) -> bool:
    """Tell whether the caller's role and department have the right to an action."""
    right = RIGHTS[action]
    return caller.role in right.roles and (
        right.departments is None or caller.department in right.departments
    )


def require(caller: Caller, action: str) -> None:
    """Raise Forbidden, naming the action in Chinese, where the caller has no right to it."""
    if not allows(caller, action):
        raise Forbidden(action=RIGHTS[action].name, action_en=action)
