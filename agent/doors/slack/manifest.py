"""The Slack app's manifest, to be pasted where Slack asks for it when the app is made."""

from __future__ import annotations

from pathlib import Path

import yaml

PATH = "/slack/events"


def manifest(public_url: str | None = None) -> str:
    """The manifest as YAML: for Socket Mode, or for HTTP where the service is reached by `public_url`."""
    text = Path(__file__).with_name("manifest.yaml").read_text(encoding="utf-8")
    if public_url is None:
        return text
    found = yaml.safe_load(text)
    address = public_url.rstrip("/") + PATH
    settings = found["settings"]
    settings["socket_mode_enabled"] = False
    settings["event_subscriptions"]["request_url"] = address
    settings["interactivity"]["request_url"] = address
    for command in found["features"]["slash_commands"]:
        command["url"] = address
    return str(yaml.safe_dump(found, sort_keys=False, width=200))
