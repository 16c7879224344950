"""Jobs are durable: nothing is lost, nothing is given out twice."""

import threading
from pathlib import Path

import pytest

from tween4d.app.studio.database import Database
from tween4d.app.studio.records import Job, Order
from tween4d.app.studio.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Database(tmp_path / "jobs.sqlite"))


def make(store: Store, owner: str = "a") -> Job:
    return store.add(Order(owner, "make"))


def test_no_job_is_given_to_two_workers(store: Store) -> None:
    """Oracle: invariant; eight threads that claim at once get forty jobs, each once, and in the order of arrival."""
    ids = [make(store).id for _ in range(40)]
    claimed: list[list[str]] = [[] for _ in range(8)]

    def work(number: int) -> None:
        while (job := store.claim(f"worker{number}", "run")) is not None:
            claimed[number].append(job.id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sum(claimed, [])) == sorted(ids)
    assert all(found == sorted(found, key=ids.index) for found in claimed)


def test_a_job_survives_the_process_that_took_it(tmp_path: Path) -> None:
    """Oracle: a second opening of the file, as after a restart, holds the job and its events."""
    first = Store(Database(tmp_path / "jobs.sqlite"))
    job = first.add(Order("a", "make", {"preset": "draft"}, "a name"))
    first.database.close()
    again = Store(Database(tmp_path / "jobs.sqlite"))
    assert again.job(job.id) == job
    assert [kind for _, _, kind, _ in again.events(job.id)] == ["queued"]


def test_a_lost_worker_gives_its_job_on_and_can_no_longer_end_it(store: Store) -> None:
    """Oracle: invariant; after `lose` another worker gets the job, and the first one's word counts no more."""
    job = make(store)
    held = store.claim("first", "run")
    assert held is not None and store.claim("second", "run") is None
    assert store.lose(held, attempts=3) == "queued"
    assert store.claim("second", "run").id == job.id  # type: ignore[union-attr]
    store.tell(job.id, "first", "note", {"message": "from the dead"})
    assert store.finish(job.id, "first", "done") is False
    assert store.finish(job.id, "second", "done", result="{}") is True
    kinds = [kind for _, _, kind, _ in store.events(job.id)]
    assert kinds == ["queued", "running", "resumed", "running", "done"]


def test_a_job_that_loses_every_worker_fails_with_a_reason(store: Store) -> None:
    """Oracle: the limit of attempts that is given."""
    make(store)
    states = [store.lose(store.claim(f"w{n}", "run"), attempts=3) for n in range(3)]  # type: ignore[arg-type]
    assert states == ["queued", "queued", "failed"]
    (job,) = store.jobs()
    assert job.error is not None and "worker" in job.error["what"] and job.error["remedy"]


def test_cancel_ends_what_waits_at_once_and_what_runs_with_its_worker(store: Store) -> None:
    """Oracle: rule; a cancelled job is not queued again, and a result that comes too late is not taken."""
    waiting, running = make(store), make(store)
    store.cancel(waiting.id)
    assert store.job(waiting.id).state == "cancelled"  # type: ignore[union-attr]
    held = store.claim("w", "run")
    assert held is not None and held.id == running.id
    store.cancel(running.id)
    assert [job.id for job in store.cancelling()] == [running.id]
    assert store.lose(held, attempts=9) == "cancelled"
    late = make(store)
    store.claim("w", "run")
    store.cancel(late.id)
    store.finish(late.id, "w", "done", result="{}")
    found = store.job(late.id)
    assert found is not None and (found.state, found.result) == ("cancelled", None)


def test_a_repeated_order_is_one_job(store: Store) -> None:
    """Oracle: rule of idempotency keys: the same order, the same job; another, none; others have theirs."""
    first, new = store.add_once(Order("a", "make"), "key", "print")
    second, again = store.add_once(Order("a", "make"), "key", "print")
    assert first is not None and second is not None
    assert (first.id, new, again) == (second.id, True, False)
    assert store.add_once(Order("a", "make"), "key", "other") == (None, False)
    assert store.add_once(Order("b", "make"), "key", "print")[1] is True


def test_a_webhook_is_put_down_with_the_end_of_its_job(store: Store) -> None:
    """Oracle: invariant; the delivery is there exactly when the job has ended, in the same transaction."""
    count = "SELECT count(*) FROM deliveries"
    job = store.add(Order("a", "make", webhook="https://example.org/"))
    store.claim("w", "run")
    assert store.database.connection.execute(count).fetchone()[0] == 0
    store.finish(job.id, "w", "done", result="{}")
    assert store.database.connection.execute(count).fetchone()[0] == 1
