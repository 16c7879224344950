"""The REST interface without workers: who may ask, what is refused, and what an answer tells."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.app.studio.conftest import Served, idle_studio, picture_bytes, served
from tween4d.app.client import Client, StudioError
from tween4d.app.studio.housekeeping import ROOM
from tween4d.app.studio.settings import Settings, check_settings
from tween4d.app.studio.telling import told_error, without_paths
from tween4d.app.studio.web.context import Studio
from tween4d.app.studio.web.jobs import PLAYER_POLICY
from tween4d.errors import InputError


def ask(url: str, method: str, path: str, body: bytes | str | None = None, **headers: str) -> tuple[int, dict, bytes]:
    """One request, with exactly these headers."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.headers), content


def problem(answer: tuple[int, dict, bytes]) -> tuple[int, dict[str, str]]:
    return answer[0], json.loads(answer[2])["error"]


def test_an_order_is_answered_and_listed(quiet: Served, pair: tuple[Path, Path]) -> None:
    """Oracle: the typed client reads back what was ordered; the inputs are the pictures that were sent."""
    client = quiet.client
    job = client.make(*pair, {"preset": "draft", "seed": 7}, name="A fox")
    assert (job.state, job.name, job.options["seed"]) == ("queued", "A fox", 7)
    assert [found.id for found in client.jobs()] == [job.id]
    assert [event.kind for event in client.events(client.cancel(job.id).id)] == ["queued", "cancelled"]
    client.delete(job.id)
    assert list(client.jobs()) == []
    assert list((quiet.studio.places.data / "jobs").iterdir()) == []


def test_the_same_order_under_the_same_key_is_one_job(quiet: Served, pair: tuple[Path, Path]) -> None:
    """Oracle: rule of idempotency keys."""
    first = quiet.client.make(*pair, idempotency_key="k1")
    assert quiet.client.make(*pair, idempotency_key="k1").id == first.id
    with pytest.raises(StudioError) as refused:
        quiet.client.make(*pair, {"seed": 1}, idempotency_key="k1")
    assert refused.value.status == 409
    assert len(list((quiet.studio.places.data / "jobs").iterdir())) == 1


def test_limits_of_jobs(quiet: Served, pair: tuple[Path, Path]) -> None:
    """Oracle: the fixture's limits: two at once and three a day; a removed job still counts for the day."""
    jobs = [quiet.client.make(*pair) for _ in range(2)]
    with pytest.raises(StudioError, match="too many jobs") as refused:
        quiet.client.make(*pair)
    assert refused.value.status == 429
    for job in jobs:
        quiet.client.cancel(job.id)
        quiet.client.delete(job.id)
    quiet.client.cancel(quiet.client.make(*pair).id)
    with pytest.raises(StudioError, match="of this day"):
        quiet.client.make(*pair)


def test_the_quota_refuses_with_numbers(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    """Oracle: a quota that one run would exceed."""
    studio = idle_studio(tmp_path / "data")
    studio.housekeeper.settings = Settings(tmp_path / "data", quota_bytes=ROOM - 1)
    with served(studio) as server, pytest.raises(StudioError, match="quota is used up.*MB") as refused:
        server.client.make(*pair)
    assert refused.value.status == 507


def test_what_is_kept_too_long_is_removed_and_the_rest_survives_a_restart(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    """Oracle: the retention of a day; after another start on the same folder the gallery shows the younger job."""
    first = idle_studio(tmp_path / "data")
    with served(first) as server:
        old, young = (server.client.cancel(server.client.make(*pair, name=name).id) for name in ("old", "young"))
    with first.store.database.change() as connection:
        connection.execute("UPDATE jobs SET finished=finished-90000 WHERE id=?", (old.id,))
    first.store.database.close()
    again = idle_studio(tmp_path / "data")
    again.housekeeper.settings = Settings(tmp_path / "data", keep_days=1)
    again.housekeeper.tidy()
    with served(again) as server:
        assert [job.name for job in server.client.jobs()] == ["young"]
        assert ask(server.url, "GET", f"/v1/jobs/{young.id}/inputs/start")[0] == 200
    assert [path.name for path in (tmp_path / "data" / "jobs").iterdir()] == [young.id]


def test_a_foreign_page_can_order_nothing(quiet: Served) -> None:
    """Oracle: what a browser sends for a page of another site, and for a name that was made to mean 127.0.0.1."""
    own = urlsplit(quiet.url).netloc
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
        assert ask(quiet.url, "POST", "/v1/jobs", b"{}", **headers)[0] == 403
    assert ask(quiet.url, "GET", "/v1/jobs", Host="evil.example")[0] == 421
    assert ask(quiet.url, "GET", "/v1/jobs", Host=f"evil.example:{own.rpartition(':')[2]}")[0] == 421
    assert ask(quiet.url, "GET", "/v1/jobs", Host=own)[0] == 200
    assert ask(quiet.url, "POST", "/v1/jobs", b"{}", Origin=f"http://{own}", Content_Type="application/json")[0] == 422


def test_too_large_a_request_is_refused_by_its_length(quiet: Served) -> None:
    """Oracle: the limit; nothing of the body is sent."""
    assert ask(quiet.url, "POST", "/v1/jobs", None, Content_Length="999999999")[0] == 413


ODD = (
    "..",
    "%2e%2e",
    "..%2f..%2fstudio.sqlite",
    "%2fetc%2fpasswd",
    "a%00b",
    "%u002e",
    "%c0%ae%c0%ae",
    "٠" * 20,
    "x" * 3000,
)


@pytest.mark.parametrize(
    "pattern",
    ["/v1/jobs/{}/asset", "/v1/jobs/" + "a" * 20 + "/views/{}", "/v1/jobs/" + "a" * 20 + "/exports/{}",
     "/v1/jobs/" + "a" * 20 + "/inputs/{}", "/v1/pictures/{}/image", "/page/{}"],
)  # fmt: skip
def test_no_word_of_a_client_reaches_the_file_system(quiet: Served, pattern: str) -> None:
    """Oracle: every odd word is answered with 404 or 422 in our own form, never with a file or a defect."""
    for word in ODD:
        status, _, content = ask(quiet.url, "GET", pattern.format(quote(word, safe="%/.")))
        assert status in (400, 404, 422), (word, status)
        assert b"SQLite" not in content and b"root:" not in content


def test_a_link_in_a_job_is_not_served(quiet: Served, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Oracle: a link in the place of an asset; its target is not told."""
    job = quiet.client.make(*pair)
    (tmp_path / "secret").write_text("secret")
    os.symlink(tmp_path / "secret", quiet.studio.places.asset(job.id))
    assert ask(quiet.url, "GET", f"/v1/jobs/{job.id}/asset")[0] == 404


def test_errors_tell_no_paths(quiet: Served, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture) -> None:
    """Oracle: the data folder's name is in no answer, not even when the server itself fails."""

    def broken(*words: Any, **more: Any) -> Any:
        raise RuntimeError(f"no such table in {quiet.studio.places.data}")

    monkeypatch.setattr(quiet.studio.store, "jobs", broken)
    status, told = problem(ask(quiet.url, "GET", "/v1/jobs"))
    assert status == 500 and str(quiet.studio.places.data) not in json.dumps(told)
    assert "no such table" in capfd.readouterr().err


def test_every_answer_carries_the_policy(quiet: Served) -> None:
    """Oracle: list of headers; the page runs no inline script and the player stands in a sandbox."""
    for path in ("/", "/v1/jobs", "/v1/none", "/page/main.js"):
        _, headers, _ = ask(quiet.url, "GET", path)
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
    assert "sandbox allow-scripts;" in PLAYER_POLICY and "same-origin" not in PLAYER_POLICY


def test_the_page_makes_no_markup_from_text() -> None:
    """Oracle: rule; no script of the page writes HTML, so text can only become text."""
    import tween4d.app.studio as package

    for script in (Path(package.__file__).parent / "page").glob("*.js"):
        text = script.read_text()
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert word not in text, (script.name, word)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[tuple[Served, str, str]]:
    """A server with two keys."""
    studio = idle_studio(tmp_path / "data")
    keys = studio.keys.make("one"), studio.keys.make("two")
    with served(studio) as found:
        yield (found, *keys)


def test_keys_are_needed_and_separate_their_owners(locked: tuple[Served, str, str], pair: tuple[Path, Path]) -> None:
    """Oracle: rule; without a key 401, and another's job does not exist for you."""
    server, one, two = locked
    for key in (None, "", "t4d_wrong", "é"):
        headers = {} if key is None else {"Authorization": f"Bearer {key}".encode().decode("latin-1")}
        assert ask(server.url, "GET", "/v1/jobs", **headers)[0] == 401
    job = Client(server.url, one).make(*pair)
    other = Client(server.url, two)
    assert list(other.jobs()) == []
    for forbidden in (other.job, other.cancel, other.delete):
        with pytest.raises(StudioError) as refused:
            forbidden(job.id)
        assert refused.value.status == 404
    assert ask(server.url, "GET", "/v1/health")[0] == 200


def test_a_session_is_a_cookie_that_ends_with_its_key(locked: tuple[Served, str, str]) -> None:
    """Oracle: rule; the cookie is no key, cannot be changed, and a replaced key ends it."""
    server, one, _ = locked
    status, headers, _ = ask(server.url, "POST", "/session", json.dumps({"key": one}), Content_Type="application/json")
    cookie = headers["set-cookie"]
    assert status == 204 and "HttpOnly" in cookie and "SameSite=strict" in cookie and one not in cookie
    value = cookie.partition(";")[0]
    assert ask(server.url, "GET", "/v1/jobs", Cookie=value)[0] == 200
    assert ask(server.url, "GET", "/v1/jobs", Cookie=value.replace("one.", "two."))[0] == 401
    server.studio.keys.make("one")
    assert ask(server.url, "GET", "/v1/jobs", Cookie=value)[0] == 401
    assert one not in server.studio.places.keys.read_text()


def test_requests_are_counted_by_key(locked: tuple[Served, str, str]) -> None:
    """Oracle: the limit of a minute; the other key still has its own."""
    server, one, two = locked
    per_minute = server.studio.settings.limits.requests_per_minute
    waits = [server.studio.meter.admit("one", per_minute) for _ in range(per_minute + 1)]
    assert waits[:-1] == [0.0] * per_minute and waits[-1] > 0
    status, headers, _ = ask(server.url, "GET", "/v1/jobs", Authorization=f"Bearer {one}")
    assert status == 429 and int(headers["retry-after"]) > 0
    assert ask(server.url, "GET", "/v1/jobs", Authorization=f"Bearer {two}")[0] == 200


def test_a_public_address_needs_keys(tmp_path: Path) -> None:
    """Oracle: rule, for several ways to write an address."""
    for host in ("0.0.0.0", "::", "192.168.1.5", "studio.example"):
        with pytest.raises(InputError, match="without keys"):
            check_settings(Settings(tmp_path, host=host), has_keys=False)
        check_settings(Settings(tmp_path, host=host), has_keys=True)
    for host in ("127.0.0.1", "::1", "localhost"):
        check_settings(Settings(tmp_path, host=host), has_keys=False)


def test_pictures_by_url_are_refused_by_default(quiet: Served) -> None:
    """Oracle: the empty list."""
    order = {"start": {"url": "https://example.org/a.png"}, "end": {"url": "https://169.254.169.254/"}}
    answer = ask(quiet.url, "POST", "/v1/jobs", json.dumps(order), Content_Type="application/json")
    assert problem(answer)[0] == 403
    assert list((quiet.studio.places.data / "jobs").iterdir()) == []


def test_a_failed_job_tells_no_paths(idle: Studio) -> None:
    """Oracle: the folder's name is in no error, foreseen or not, and in no note."""
    hidden = f"{idle.places.data}/jobs/x/start.png"
    for error in (InputError("the picture cannot be read", hidden), RuntimeError(hidden), MemoryError(hidden)):
        assert str(idle.places.data) not in told_error(error, idle.places)
    assert without_paths(f"the picture {hidden} is grey", idle.places) == "the picture start.png is grey"


def test_the_interface_does_what_its_description_says(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    """Oracle: schemathesis; it makes requests from the description and compares the answers with it."""
    (tmp_path / "schemathesis.toml").write_text(EXPECTED)
    studio = idle_studio(tmp_path / "data")
    with served(studio) as server:
        studio.uploads.take([picture_bytes()], "local", "x")
        server.client.make(*pair)
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/v1/openapi.json", "--phases", "fuzzing",
            "--max-examples", "4", "--seed", "1", "--exclude-path-regex", "/events$", "--no-color",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-6000:]


# That bytes are a picture is beyond what a schema can say, so 422 is an answer to a form that fits it.
EXPECTED = """
[[operations]]
include-path-regex = "^/v1/(pictures|jobs)$"
include-method = "POST"
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "403", "404", "409", "413", "422", "429", "5xx"]
"""
