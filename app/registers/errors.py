"""What can go wrong when the entries of a register are written."""

from app.errors import DomainError, Kind


class RegisterNotYours(DomainError):
    """The register is kept by other departments: those on the printed list of its section."""

    name = "register-not-yours"
    kind = Kind.FORBIDDEN
    title = ("本名单由其他部门负责", "Another department keeps this register")
    detail = (
        "本名单由{responsible}负责，您的账号不能登记或查看其中的个人信息。",
        "This register is kept by {responsible}; your account may not write to it.",
    )


class RegisterIsLive(DomainError):
    """The list is kept elsewhere on the platform and only shown here."""

    name = "register-is-live"
    kind = Kind.CONFLICT
    title = ("本名单不在这里登记", "The register is kept elsewhere")
    detail = (
        "“{register}”取自平台正在使用的{source}，请在那里更改。",
        "{register} shows the {source_en}; change it there.",
    )


class RegisterEntryChanged(DomainError):
    """Someone else changed the entry since the caller read it."""

    name = "register-entry-changed"
    kind = Kind.CONFLICT
    title = ("这一条已被更改", "The entry has changed")
    detail = (
        "您看到的是第 {version} 版，现在是第 {standing} 版。请看过新内容再改。",
        "You saw version {version}; it is version {standing} now. Read it again first.",
    )


class RegisterEntryDuplicate(DomainError):
    """An entry with the same identity (a credit code, a name …) stands in the register."""

    name = "register-entry-duplicate"
    kind = Kind.CONFLICT
    title = ("名单里已有这一条", "The register has this entry already")
    detail = (
        "名单里已有{labels}相同的一条：{standing}。请更改那一条，不要再登记一次。",
        "An entry with the same {fields} stands: {standing}. Change that one.",
    )


class RegisterEntryWithdrawn(DomainError):
    """The entry is withdrawn and stands as it was; a new one can be entered."""

    name = "register-entry-withdrawn"
    kind = Kind.CONFLICT
    title = ("这一条已移出名单", "The entry is withdrawn")
    detail = (
        "这一条已经移出名单，不能再改。需要时请另登记一条。",
        "The entry is withdrawn and cannot be changed; enter a new one.",
    )


class RegisterImportRefused(DomainError):
    """A file was refused as a whole; `errors` names rows and columns, `error_file` has them all."""

    name = "register-import-refused"
    kind = Kind.INVALID
    title = ("文件没有导入", "The file was not imported")
    detail = (
        "文件有 {faults} 处错误，一行也没有导入。第一处：{first}",
        "The file has {faults} faults and nothing was imported. The first: {first}",
    )
