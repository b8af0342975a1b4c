"""What can go wrong when someone says who they are."""

from app.errors import DomainError, Kind


class WrongCredentials(DomainError):
    """Unknown username, wrong password, no password yet or a closed account: all look alike."""

    name = "wrong-credentials"
    kind = Kind.UNAUTHENTICATED
    title = ("账号或密码不对", "Wrong username or password")
    detail = (
        "账号或密码不对，请检查后再试。忘记密码请联系上级管理人员重置。",
        "The username or the password is wrong. If you forgot it, ask your supervisor for a reset.",
    )


class TooManyAttempts(DomainError):
    """Too many failed sign-ins for this username or from this peer; the wait grows."""

    name = "too-many-attempts"
    kind = Kind.TOO_MANY
    title = ("登录失败次数过多", "Too many failed sign-ins")
    detail = (
        "登录失败次数过多，请等 {retry_after_s} 秒后再试。",
        "Too many failed sign-ins; try again in {retry_after_s} seconds.",
    )


class PersonNotValid(DomainError):
    """A name or a PIN of somebody who shares a site's phone that cannot be taken."""

    name = "person-not-valid"
    kind = Kind.INVALID
    title = ("人员填写有误", "The person is not valid")
    detail = ("{reason}。", "A name of 1 to 20 characters and a PIN of 4 to 6 digits are needed.")


class PasswordTooWeak(DomainError):
    """A new password that is too easy to guess, or too long to hash."""

    name = "password-too-weak"
    kind = Kind.INVALID
    title = ("密码不符合要求", "The password does not meet the rule")
    detail = (
        "{reason}。密码要 10 到 128 个字符，不能全是同一个字符，也不能就是账号名。",
        "A password has 10 to 128 characters, not all the same, and is not the username.",
    )


class LinkNotValid(DomainError):
    """A one-time link that does not exist, was used, was replaced or has expired."""

    name = "link-not-valid"
    kind = Kind.ABSENT
    title = ("链接已失效", "The link is no longer valid")
    detail = (
        "这个链接已用过、已过期或不完整。请向给您链接的人要一个新的。",
        "This link was used, has expired or is incomplete. Ask whoever gave it to you for another.",
    )


class UsernameTaken(DomainError):
    """An account of this name exists."""

    name = "username-taken"
    kind = Kind.CONFLICT
    title = ("账号名已被使用", "The username is taken")
    detail = (
        "账号名 {username} 已被使用，请换一个。",
        "The username {username} is taken; choose another.",
    )


class AccountNotValid(DomainError):
    """An account whose fields do not fit its role."""

    name = "account-not-valid"
    kind = Kind.INVALID
    title = ("账号信息有误", "The account is not valid")
    detail = ("账号信息有误：{reason}", "The account is not valid: {reason}")
