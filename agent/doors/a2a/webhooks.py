"""Where a push notification goes: an address of the caller's on a host that agent.yaml allows, with its secrets."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Collection
from dataclasses import dataclass

from a2a.types import AuthenticationInfo, TaskPushNotificationConfig
from a2a.utils.errors import InvalidParamsError, PushNotificationNotSupportedError

PORTS = {"https": 443, "http": 80}
ID_LENGTH, URL_LENGTH, SECRET_LENGTH = 100, 2000, 4000
TOKEN_HEADER = "X-A2A-Notification-Token"  # noqa: S105 - a name
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,40}\Z")
_PRINTABLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?\Z")
"""What may stand in a header: no line break, nothing but ASCII."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address. `token` goes into A2A's own header, scheme and credentials into `Authorization`; "" for none.
    `is_v03` says that its owner speaks version 0.3, where a notification is the whole task.
    """

    id: str
    url: str
    token: str = ""
    scheme: str = ""
    credentials: str = ""
    is_v03: bool = False

    @property
    def headers(self) -> dict[str, str]:
        """What its owner knows the notification by."""
        found = {TOKEN_HEADER: self.token} if self.token else {}
        if self.credentials:
            found["Authorization"] = f"{self.scheme} {self.credentials}"
        return found

    @property
    def host(self) -> str:
        """Its host, for logs: the rest of an address may hold secrets."""
        return urllib.parse.urlsplit(self.url).netloc

    def as_config(self, task_id: str) -> TaskPushNotificationConfig:
        """As A2A has it, for its owner. The secrets stay here: whoever set them has them."""
        config = TaskPushNotificationConfig(id=self.id, task_id=task_id, url=self.url)
        if self.scheme:
            config.authentication.CopyFrom(AuthenticationInfo(scheme=self.scheme))
        return config


def webhook_of(config: TaskPushNotificationConfig, hosts: Collection[str], *, is_v03: bool) -> Webhook:
    """Check an address that a client gives; one without an id has its task's.

    Raises: PushNotificationNotSupportedError where no host is allowed, InvalidParamsError.
    """
    if not hosts:
        raise PushNotificationNotSupportedError(
            "this service sends no push notifications: follow the task's stream"
        )
    if len(config.id) > ID_LENGTH or len(config.url) > URL_LENGTH:
        raise InvalidParamsError("the push notification's id or address is too long")
    check_address(config.url, hosts)
    scheme, credentials = config.authentication.scheme, config.authentication.credentials
    if (scheme or credentials) and not _SCHEME.match(scheme):
        raise InvalidParamsError(
            "the push notification's authentication scheme is none: give one such as Bearer"
        )
    for secret in (config.token, credentials):
        if secret and (len(secret) > SECRET_LENGTH or not _PRINTABLE.match(secret)):
            raise InvalidParamsError("the push notification's token or credentials can't stand in a header")
    return Webhook(
        id=config.id,
        url=config.url,
        token=config.token,
        scheme=scheme,
        credentials=credentials,
        is_v03=is_v03,
    )


def check_address(url: str, hosts: Collection[str]) -> None:
    """Raises: InvalidParamsError unless the address is on an allowed host. `HOST` allows http and https on their own
    ports, `HOST:PORT` that port.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise InvalidParamsError("the push notification's address is no URL") from None
    if parts.scheme not in PORTS or not host or not _PRINTABLE.match(url) or " " in url:
        raise InvalidParamsError("the push notification's address is no http or https URL")
    if "@" in parts.netloc or "\\" in url or parts.fragment:
        raise InvalidParamsError("the push notification's address may hold no user, fragment or backslash")
    shown = f"[{host}]" if ":" in host else host
    allowed = {entry.lower() for entry in hosts}
    is_usual = port in (None, PORTS[parts.scheme])
    if not (is_usual and shown in allowed) and f"{shown}:{port or PORTS[parts.scheme]}" not in allowed:
        raise InvalidParamsError(
            f"push notifications may not be sent to {parts.netloc[:200]}: whoever runs the service allows hosts by "
            "doors.http.push_hosts in agent.yaml"
        )
