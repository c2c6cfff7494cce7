"""The deployment files fit the program: commands, settings and paths exist, secrets are named and never held."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.doors.cli.main import make_parser
from agent.settings import read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SECRET = re.compile(r"(?i)key|token|secret|password|database")


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            if isinstance(document, dict) and "kind" in document:
                yield path.name, document


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for _, document in documents():
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods():
        for container in pod["containers"]:
            yield name, container


def test_the_manifests_are_listed_and_of_one_namespace() -> None:
    listed = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
    found = {path.name for path in KUBERNETES.glob("*.yaml")}
    assert found - {"kustomization.yaml", "agent.yaml", "secret.example.yaml"} == set(listed["resources"])
    assert listed["configMapGenerator"][0]["files"] == ["agent.yaml"]
    assert len(list(pods())) == 3


@pytest.mark.parametrize(("name", "container"), list(containers()), ids=[name for name, _ in containers()])
def test_no_container_has_rights_or_secrets_that_it_does_not_need(
    name: str, container: dict[str, Any]
) -> None:
    context = container["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert ("procMount" in context) is (name == "ask-profiler-worker")
    for variable in container["env"]:
        if SECRET.search(variable["name"]):
            assert "secretKeyRef" in variable["valueFrom"], variable["name"]
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize(("name", "pod"), list(pods()), ids=[name for name, _ in pods()])
def test_pods_run_as_nobody_special_and_know_nothing_of_kubernetes(name: str, pod: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    wanted = "Unconfined" if name == "ask-profiler-worker" else "RuntimeDefault"
    assert pod["securityContext"]["seccompProfile"]["type"] == wanted
    assert (pod.get("hostUsers", True) is False) is (name == "ask-profiler-worker")
    assert pod.get("hostNetwork") is None
    assert pod.get("hostPID") is None


def test_the_service_is_probed_where_it_answers() -> None:
    service = dict(containers())["ask-profiler"]
    assert {service[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness")} == {"/healthz"}
    assert service["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_commands_are_those_of_the_program() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    words = [container["args"] for _, container in containers()]
    words += [compose["services"][name]["command"] for name in ("migrate", "service", "worker")]
    words.append(
        yaml.safe_load(re.findall(r"^CMD (.*)$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE)[0])
    )
    assert len(words) == 7
    for each in words:
        make_parser().parse_args(each)


@pytest.mark.parametrize(
    "path", [DEPLOY / "agent.yaml", KUBERNETES / "agent.yaml"], ids=["compose", "kubernetes"]
)
def test_settings_can_be_read(path: Path) -> None:
    settings = read_settings(path)
    assert settings.queue.workers == 0, "workers are containers of their own"
    assert settings.storage.artefacts_url
    assert settings.storage.runs_folder == "/var/lib/ask-profiler/runs"


def test_the_image_is_made_from_what_is_in_the_repository() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    sources = [
        word
        for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE)
        for word in line.split()[:-1]
    ]
    assert len(sources) > 5
    ignored = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in ignored, source
    assert re.search(r"^USER 10001", text, re.MULTILINE)


def test_compose_holds_no_secret_and_shares_what_workers_of_a_host_share() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            if SECRET.search(key) and key != "POSTGRES_DB":
                assert "${" in str(value), (name, key)
    worker = compose["services"]["worker"]
    places = {volume.split(":")[1] for volume in worker["volumes"]}
    assert {"/run/ask-profiler", "/var/lib/ask-profiler/runs"} <= places
    assert "systempaths=unconfined" in worker["security_opt"]
    assert compose["services"]["service"]["security_opt"] == ["no-new-privileges"]
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert {name for name in used if not name.startswith((".", "$"))} == set(compose["volumes"])


def test_the_example_of_the_secret_has_what_is_referred_to() -> None:
    example = yaml.safe_load((KUBERNETES / "secret.example.yaml").read_text())
    wanted = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for _, container in containers()
        for variable in container["env"]
        if "valueFrom" in variable
    }
    assert wanted == set(example["stringData"])
