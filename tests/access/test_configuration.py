"""What is wrong with a configuration is said all at once, before anything is started."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.access.configuration import doubts, problems
from agent.access.tokens import Tokens
from agent.database.opening import Database
from agent.definition import Definition, read_definition
from agent.resources import definition_path
from agent.settings import Settings


@pytest.fixture(scope="module")
def definition() -> Definition:
    return read_definition(definition_path())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.py").write_text("print(1)\n")
    return folder


def configured(tmp_path: Path, sections: Mapping[str, object]) -> Settings:
    return Settings.model_validate({"storage": {"state_folder": str(tmp_path / "state")}, **sections})


def test_a_good_configuration_has_no_problem(tmp_path: Path, project: Path, definition: Definition) -> None:
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    subprocess.run(
        ["git", "-C", str(project), "remote", "add", "origin", "https://git.example/x"], check=True
    )
    target = {
        "path": str(project),
        "workloads": {"big": {"command": ["python", "shop.py", "{size}"], "sizes": [1, 2]}, "found": {}},
        "apply": {"push": "origin"},
    }
    settings = configured(tmp_path, {"targets": {"shop": target, "live": {"path": "http://127.0.0.1:6060"}}})
    assert problems(settings, {}, definition) == ()
    assert not (tmp_path / "state").exists()  # looking makes nothing


def test_the_built_in_configuration_has_no_problem(tmp_path: Path, definition: Definition) -> None:
    from agent.resources import settings_path
    from agent.settings import read_settings

    assert problems(read_settings(settings_path()), {"XDG_STATE_HOME": str(tmp_path)}, definition) == ()


def test_every_problem_is_said_at_once(tmp_path: Path, project: Path, definition: Definition) -> None:
    (tmp_path / "empty").mkdir()
    sections = {
        "targets": {
            "gone": {"path": str(tmp_path / "gone")},
            "empty": {"path": str(tmp_path / "empty")},
            "nogit": {"path": str(project), "apply": {}},
            "live": {"path": "http://127.0.0.1:6060", "header_env": "SHOP_HEADER", "apply": {}},
            "pid": {"path": "pid:x"},
            "python": {
                "path": str(project),
                "python": str(tmp_path / "no-python"),
                "sources": str(tmp_path / "no"),
            },
            "sizes": {
                "path": str(project),
                "workloads": {
                    "a": {"command": ["python", "shop.py", "{size}"]},
                    "b": {"bench": "x", "sizes": [1]},
                    "c": {"command": ["python", "{size}"], "sizes": [0]},
                },
            },
        },
        "doors": {"slack": {"enabled": True}},
        "access": {"oidc": {"issuer": "http://issuer.example", "audience": " "}},
        "storage": {"state_folder": str(project / "shop.py" / "state"), "artefacts_url": "nonsense://bucket"},
        "analyst": {"kind": "claude"},
    }
    found = problems(Settings.model_validate(sections), {}, definition)
    expected = [
        "targets.gone: the target",
        "targets.empty: ",
        "targets.nogit: `apply` needs a git repository",
        "targets.live: `header_env` names SHOP_HEADER, which isn't set",
        "targets.live: `apply` needs sources",
        "targets.pid: the target pid:x names no process",
        "targets.python: `python` names",
        "targets.python: `sources` names",
        "targets.sizes.workloads.a: `command` has {size} and there are no `sizes`",
        "targets.sizes.workloads.b: `sizes` are for a `command`",
        "targets.sizes.workloads.c: `sizes` must be whole numbers above 0",
        "doors.slack is enabled and SLACK_BOT_TOKEN isn't set",
        "doors.slack is enabled and neither SLACK_APP_TOKEN",
        "access.oidc.issuer is http://issuer.example: without TLS",
        "access.oidc.audience is empty",
        f"storage.state_folder: {project}/shop.py/state can't be made",
        "storage.artefacts_url can't be used",
        "analyst.kind is claude",
    ]
    for sentence in expected:
        assert any(one.startswith(sentence) for one in found), sentence
    assert len(found) == len(expected)


def test_swapped_slack_tokens_are_seen(tmp_path: Path, definition: Definition) -> None:
    settings = configured(tmp_path, {"doors": {"slack": {"enabled": True}}})
    swapped = {"SLACK_BOT_TOKEN": "xapp-1-x", "SLACK_APP_TOKEN": "xoxb-1-x"}
    found = problems(settings, swapped, definition)
    assert [sentence.split(" holds ")[0] for sentence in found] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    assert not any("xapp-1-x" in sentence for sentence in found)
    right = {"SLACK_BOT_TOKEN": "xoxb-1-x", "SLACK_SIGNING_SECRET": "s"}
    assert problems(settings, right, definition) == ()


def test_a_database_of_another_version_is_a_problem(
    settings: Settings, database: Database, definition: Definition
) -> None:
    from sqlalchemy import update

    from agent.database.tables import version

    assert problems(settings, {}, definition) == ()
    with database.writing() as connection:
        connection.execute(update(version).values(version=99))
    (found,) = problems(settings, {}, definition)
    assert "99" in found


@pytest.mark.parametrize("address", ["mysql://u:hunter2pw@h/db", "nonsense"])
def test_an_address_that_is_no_postgresql_is_a_problem_without_its_password(
    tmp_path: Path, definition: Definition, address: str
) -> None:
    (found,) = problems(configured(tmp_path, {}), {"ASK_PROFILER_DATABASE": address}, definition)
    assert "ASK_PROFILER_DATABASE" in found and "hunter2pw" not in found


def test_a_remote_that_is_not_there_is_a_problem_also_in_a_linked_work_tree(
    tmp_path: Path, project: Path, definition: Definition
) -> None:
    git = ["git", "-C", str(project), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "remote", "add", "origin", "https://git.example/x"], check=True)
    linked = tmp_path / "linked"
    subprocess.run([*git, "worktree", "add", "-q", str(linked)], check=True)
    shutil.copy(project / "shop.py", linked)
    for path in (project, linked):
        for remote, count in (("origin", 0), ("upstream", 1)):
            target = {"path": str(path), "apply": {"push": remote}}
            found = problems(configured(tmp_path, {"targets": {"shop": target}}), {}, definition)
            assert len(found) == count, found


def test_without_a_sandbox_requests_for_code_would_be_refused(
    tmp_path: Path, project: Path, definition: Definition, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = shutil.which("git")
    assert git is not None
    monkeypatch.setenv("PATH", str(tmp_path))  # no bwrap there
    settings = configured(tmp_path, {"targets": {"shop": {"path": str(project)}}})
    (found,) = problems(settings, {}, definition)
    assert "bubblewrap is not installed" in found
    only_live = configured(tmp_path, {"targets": {"live": {"path": "http://127.0.0.1:6060"}}})
    assert problems(only_live, {}, definition) == ()


PUBLIC = {"doors": {"http": {"host": "0.0.0.0"}}}
TARGET = {"targets": {"live": {"path": "http://127.0.0.1:6060"}}}


def doubted(
    settings: Settings, definition: Definition, environment: Mapping[str, str] | None = None
) -> list[str]:
    return [
        sentence for sentence in doubts(settings, environment or {}, definition) if "examples" not in sentence
    ]


def test_a_service_that_others_reach_without_tls_is_doubted(
    settings: Settings, database: Database, definition: Definition
) -> None:
    Tokens(database=database).create("ci", ["ask"])
    storage = {"storage": settings.storage.model_dump()}
    (found,) = doubted(Settings.model_validate({**storage, **PUBLIC, **TARGET}), definition)
    assert "can be read on their way" in found
    http = {"host": "0.0.0.0", "public_url": "https://perf.example"}
    assert doubted(Settings.model_validate({**storage, **TARGET, "doors": {"http": http}}), definition) == []
    assert doubted(Settings.model_validate({**storage, **TARGET}), definition) == []
    metrics = {"telemetry": {"metrics_public": True}}
    open_metrics = Settings.model_validate({**storage, **PUBLIC, **TARGET, **metrics})
    assert any("/metrics" in sentence for sentence in doubted(open_metrics, definition))


def test_a_service_that_nobody_can_come_into_is_doubted(
    settings: Settings, database: Database, definition: Definition
) -> None:
    with_target = Settings.model_validate({**settings.model_dump(), **TARGET})
    (found,) = doubted(with_target, definition)
    assert "ask-profiler token create" in found
    issued = Tokens(database=database).create("ci", ["ask"])
    assert doubted(with_target, definition) == []
    Tokens(database=database).revoke(issued.token.name)
    assert len(doubted(with_target, definition)) == 1
    oidc = {"access": {"oidc": {"issuer": "https://issuer.example", "audience": "x"}}}
    assert doubted(Settings.model_validate({**with_target.model_dump(), **oidc}), definition) == []


def test_no_targets_are_doubted(settings: Settings, database: Database, definition: Definition) -> None:
    Tokens(database=database).create("ci", ["ask"])
    (found,) = doubted(settings, definition)
    assert found.startswith("no targets are named")
