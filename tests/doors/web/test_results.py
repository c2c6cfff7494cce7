"""What a run has left, as it is fetched over HTTP."""

from __future__ import annotations

import jsonschema
import pytest

from agent.rendering import json as json_rendering
from tests.doors.web.living import PAGE, PICTURE, PROFILE, Service


def test_the_report_comes_as_json_markdown_or_a_page(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        as_json = client.get(f"/v1/jobs/{job_id}/report")
        jsonschema.validate(as_json.json(), json_rendering.schema())
        as_text = client.get(f"/v1/jobs/{job_id}/report", headers={"Accept": "text/markdown"})
        assert as_text.headers["content-type"].startswith("text/markdown")
        assert as_text.text.startswith("# ")
        page = client.get(f"/v1/jobs/{job_id}/report", headers={"Accept": "text/html,*/*;q=0.1"})
        assert page.content == PAGE
        assert page.headers["content-security-policy"].startswith("sandbox")
        assert (
            client.get(f"/v1/jobs/{job_id}/report", headers={"Accept": "application/pdf"}).status_code == 406
        )


def test_a_job_that_has_not_ended_has_no_report_yet(service: Service) -> None:
    job = service.ask("Why slow?")
    with service.client() as client:
        answer = client.get(f"/v1/jobs/{job['id']}/report")
    assert answer.status_code == 409
    assert "wait until it has ended" in answer.json()["detail"]


def test_files_are_listed_and_fetched_by_their_names(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        names = client.get(f"/v1/jobs/{job_id}/files").json()["files"]
        assert names == ["graphs/cpu.svg", "profiles/cpu before.pb.gz", "report.html", "report.json"]
        profile = client.get(f"/v1/jobs/{job_id}/files/profiles/cpu before.pb.gz")
    assert profile.content == PROFILE
    assert profile.headers["content-type"] == "application/gzip"
    assert profile.headers["content-disposition"] == "attachment; filename*=UTF-8''cpu%20before.pb.gz"


def test_a_picture_from_a_target_can_run_nothing_in_a_browser(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        picture = client.get(f"/v1/jobs/{job_id}/files/graphs/cpu.svg")
    assert picture.content == PICTURE
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "name",
    [
        "transcript.jsonl",
        "../../state/service.sqlite",
        "..%2F..%2Fstate%2Fservice.sqlite",
        "%2e%2e/%2e%2e/state/service.sqlite",
        "/etc/passwd",
        "graphs",
        "graphs%2F..%2Freport.json",
        "report.json%00.svg",
        "",
    ],
)
def test_nothing_but_the_listed_files_can_be_fetched(worked: Service, name: str) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client() as client:
        answer = client.get(f"/v1/jobs/{job_id}/files/{name}")
    assert answer.status_code == 404, answer.text


def test_a_patch_is_applied_only_where_the_settings_allow_it(worked: Service) -> None:
    job_id = worked.finished("Why slow?")
    with worked.client("root") as client:
        answer = client.post(f"/v1/jobs/{job_id}/apply")
    assert answer.status_code == 409
    assert "agent.yaml" in answer.json()["detail"]
