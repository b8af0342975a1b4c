"""What every problem means to a person and what to do about it, in Chinese.

Shown at `/problems/<name>`, and printed into docs/problems.md by `python -m scripts.docs`.
A test fails where a problem has no entry here, or an entry no problem.
"""

from app.ops.custody_remedies import CUSTODY
from app.ops.remedy import Remedy

_OTHERS: dict[str, Remedy] = {
    "account-not-valid": Remedy(
        "新建账号时，填写的内容与角色不符，例如回收员没有写站点、驾驶员没有写运输单位。",
        "按提示补全或改正后重新建立。回收员、保管员、处理单位人员要写站点；"
        "驾驶员要写运输单位；乡镇人员要写乡镇。",
    ),
    "actual-changed": Remedy(
        "填报某一年的数据时，这一年已有别人填报或更正过的数据，您没有看到，或者要更正的那次不是最新的。",
        "打开这项目标，看过这一年最新的数据再更正。对接程序请先读取，再带上最新的 number。",
    ),
    "body-too-large": Remedy(
        "一次提交的内容超过了上限。",
        "分成几次提交。离线队列一次至多 500 条。",
    ),
    "case-is-acknowledged": Remedy(
        "认领一件事时，已有同事认领了它。",
        "不用再认领。可以直接补充处理情况，或者办结；需要换人，请先和认领的人说好。",
    ),
    "case-is-not-resolved": Remedy(
        "重新打开一件事时，它还没有办结。",
        "直接写处理情况就可以。",
    ),
    "case-is-resolved": Remedy(
        "认领或者办结一件事时，它已经办结了。",
        "刷新页面看处理结果。还要处理，请先重新打开并写明原因。",
    ),
    "cross-origin": Remedy(
        "请求是从别的网站的页面发出的，为保护您的账号，平台不接受。",
        "关掉那个页面，从平台首页进入再操作。系统对接请用接口令牌，不用登录的网页会话。",
    ),
    "fonts-missing": Remedy(
        "要生成 PDF，而服务器上没有装好打印用的字体。",
        "请管理员在服务器上运行 ./scripts/setup（会下载字体），再试一次。页面上的内容不受影响，可以先用浏览器打印。",
    ),
    "forbidden": Remedy(
        "您看得到这项内容，但您的角色或部门不能做这件事。",
        "请有这项职责的人办理。确属您的职责，请联系县农业农村局或上级管理人员调整账号。",
    ),
    "internal": Remedy(
        "平台自身出了故障，不是您的错。",
        "过一会儿再试；同一张表单再提交不会重复登记。仍不行，请把页面上的请求编号告诉管理员，"
        "管理员可凭编号在运行日志里查到原因。",
    ),
    "invalid-body": Remedy(
        "提交的内容有缺项、写错格式，或者不是有效的 JSON。",
        "按逐项说明改正后再提交。对接程序看 errors 里的 pointer，它指出是哪一项。",
    ),
    "invalid-query": Remedy(
        "网址里的查询条件或翻页标记不对。",
        "按提示改正条件。翻页请用上一页给出的 next_cursor，不要自己改写。",
    ),
    "link-not-valid": Remedy(
        "一次性设置链接用过了、过期了、被新链接取代了，或者没有复制完整。",
        "请给您链接的人再发一个新的，收到后尽快打开，只能用一次。",
    ),
    "method-not-allowed": Remedy(
        "这个地址存在，但不接受这种操作（HTTP 方法）。",
        "对接程序请看回答里的 Allow，改用其中的方法。",
    ),
    "no-such-size": Remedy(
        "要的证明、条数或片超出了已经公布的日志，例如 from 大于 to、从 0 开始、序号还没有那么多。",
        "先取 /log/checkpoint 看现在公布到多少条，再要这个范围以内的。",
    ),
    "not-found": Remedy(
        "没有这项内容，或者它不在您的管辖范围内。两种情形的回答故意相同，不透露别处有什么。",
        "核对地址和编码。属于您管辖而看不到，请联系上级管理人员核对账号的地区和站点。",
    ),
    "not-published-yet": Remedy(
        "刚登记的内容要它的存证证明，或者平台刚启动，还没有公布过日志头。",
        "过几秒钟再要一次。一直这样，请管理员看 /readyz 里 signer 的说明：签名可能因数据库被恢复或改动而停下。",
    ),
    "not-ready": Remedy(
        "平台刚启动、数据库没有连上、结构不是最新，或者数据库的安全设置被关掉了。只有运维探测会看到。",
        "按说明处理：结构不是最新就运行 python -m app migrate；fsync、full_page_writes、"
        "synchronous_commit 必须打开，否则断电会丢失已确认的登记。",
    ),
    "not-signed-in": Remedy(
        "还没有登录，登录已过期，或接口令牌已失效。",
        "登录后再做；登录页会带您回到原来的页面。令牌失效请重新申请。",
    ),
    "password-too-weak": Remedy(
        "新密码太短、太长、全是同一个字符，或者就是账号名。",
        "用 10 个字符以上、自己记得住的一句话，例如三四个不相干的词连在一起。",
    ),
    "person-not-valid": Remedy(
        "设置现场登记的人员时，姓名是空的或者太长，PIN 不是 4 到 6 位数字，或者本站点已经有 20 人。",
        "姓名写 1 到 20 个字，PIN 由本人输 4 到 6 位数字；人满了先移除不再用的。",
    ),
    "photo-not-valid": Remedy(
        "上传的照片不是 JPEG 或 PNG、文件已损坏、像素太多，或者一次上传得太多。",
        "用手机重新拍一张，或者换成 JPEG、PNG 格式再上传；一次至多 6 张。",
    ),
    "register-entry-changed": Remedy(
        "更改名单的一条时，它在您打开之后已被别人改过。您的更改没有保存，免得盖掉别人的。",
        "重新打开这一条，看过新的内容和历史，再改一次。对接程序请先读取，再带上新的 version。",
    ),
    "register-entry-duplicate": Remedy(
        "名单里已有相同的一条，例如同一个统一社会信用代码登记了两次。",
        "打开提示中的那一条，更改它或延长有效期。那一条确实登记错了，先移出名单，再登记新的。",
    ),
    "register-entry-withdrawn": Remedy(
        "要更改的一条已经移出名单。移出的条目和历史一起保留，不再更改。",
        "需要重新列入名单时，另登记一条。",
    ),
    "register-import-refused": Remedy(
        "导入的文件有错，或者有与名单重复的行。文件要么整个导入，要么一行也不导入。",
        "下载错误文件，最后一列写着每一行错在哪里；改正后直接再导入，不用删掉那一列。"
        "表头要与名单的导入模板一致。",
    ),
    "register-is-live": Remedy(
        "试点县和资源化利用单位的名单取自平台正在使用的名单，不能在这里登记或更改。",
        "由省级人员在原处更改：指定试点县、公布资源化利用单位。更改后这里自动跟着变。",
    ),
    "register-not-yours": Remedy(
        "每份名单只由方案里那一条的责任部门（责任单位）的省级人员登记，您的部门不在其中。",
        "请提示中的部门办理。您的账号部门写错了，请联系系统管理员更正。",
    ),
    "supply-row-replaced": Remedy(
        "要更正的申报行已经被另一行更正过。一行只能更正一次，再错就更正新的那一行。",
        "在 replaces 里改写提示中的新行编号，再提交。",
    ),
    "supply-row-reused": Remedy(
        "申报行的编号已经用过，而内容与原来不同。",
        "新的销售用新编号；更正原来那行，也用新编号，并在 replaces 里写原编号。"
        "原样重报同一份申报不会出现这个提示。",
    ),
    "target-is-live": Remedy(
        "填报的目标由平台自动取数：农药包装废弃物回收率取自回收率报表，数量取自名单。",
        "不用填报。数字不对，请核对回收登记和产生量申报，或更改名单；更改后这里自动跟着变。",
    ),
    "target-not-yours": Remedy(
        "每项目标只由方案印出的责任部门的省级人员填报，您的部门不在其中；方案没有印出责任部门的，不能填报。",
        "请提示中的部门填报。您的账号部门写错了，请联系系统管理员更正。",
    ),
    "too-many-attempts": Remedy(
        "同一个账号，或者同一个网络地址，登录连续失败太多次。",
        "等提示的时间过了再试。忘记密码请联系县农业农村局或上级管理人员，领取一次性设置链接。",
    ),
    "too-many-photos": Remedy(
        "一件事已经存满了照片。",
        "把要说的写成文字；确实还要照片，请办结这件事，再次发生时会重新记。",
    ),
    "too-many-webhook-tests": Remedy(
        "一小时里对同一个推送地址发了太多测试消息。",
        "先看前面几条的结果，改好接收系统，过一会儿再试。",
    ),
    "too-many-webhooks": Remedy(
        "为一个地区登记的推送地址已到上限。",
        "先停用不再使用的推送地址，再登记新的。",
    ),
    "unavailable": Remedy(
        "数据库暂时连不上或太忙，这一次的内容没有保存。",
        "过几秒再提交，同一张表单不会重复登记。持续不行请联系管理员。",
    ),
    "unsupported-media-type": Remedy(
        "提交的内容不是这个地址接受的格式。",
        "对接程序请用 Content-Type: application/json。",
    ),
    "username-taken": Remedy(
        "已有同名的账号。",
        "换一个账号名。若就是这个人的旧账号，不用新建，给旧账号发一次性设置链接即可。",
    ),
    "webhook-ended": Remedy(
        "对一个已经停用的推送地址暂停、恢复、测试或重新发送。",
        "停用的地址不能恢复。还要用，请重新登记，并把新的密钥交给接收系统。",
    ),
    "webhook-url-refused": Remedy(
        "登记的推送地址不是 https 网址，或者指向内部网络。",
        "换成公网上能访问的 https:// 地址；网址里不要带账号密码。",
    ),
    "wrong-credentials": Remedy(
        "账号或密码不对，账号还没有设密码，或者账号已停用。几种情形的回答故意相同。",
        "检查大小写和输入法再试。忘记密码请联系县农业农村局或上级管理人员，领取一次性设置链接。",
    ),
}

REMEDIES = dict(sorted((_OTHERS | CUSTODY).items()))
