"""Grading on a Dask cluster: a real scheduler, and workers in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from classroom import kata

pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grading forks")
COUNT = 10


class Cluster:
    """A scheduler, and workers that are started in the folder of a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        self.start("dask_scheduler", "--port", port, "--host", "127.0.0.1", "--no-dashboard")

    def start(
        self, module: str, *arguments: str, cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{module}{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=cwd or self.folder,
            stdout=log,
            stderr=log,
            env={**os.environ, "OMP_NUM_THREADS": "1", "DASK_DISTRIBUTED__WORKER__DAEMON": "False"},
        )
        self.processes.append(process)
        return process

    def worker(self, project: Path) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        scratch = ("--local-directory", str(self.folder))
        return self.start("dask_worker", self.address, *options, *scratch, cwd=project)

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


@pytest.fixture
def a_class(project: Path, right: str) -> Path:
    """A project with submissions that take a moment; every third is wrong."""
    wrong = right.replace("total / len(values)", "total / (len(values) - 1 or 1)")
    for number in range(COUNT):
        path = project / "class" / f"s{number:02}.py"
        path.parent.mkdir(exist_ok=True)
        text = wrong if number % 3 == 0 else right
        path.write_text(f"import time\ntime.sleep(0.3)  # {number}\n{text}")
    return project


def grade(*more: str) -> tuple[str, ...]:
    return ("grade", "class", "--kata", "mean", "--out", "g.db", *more)


def rows(project: Path) -> dict[str, tuple[float, float]]:
    """The points of each submission in the gradebook, and when they were written."""
    path = project / "g.db"
    if not path.exists():
        return {}
    with sqlite3.connect(path, timeout=30) as db:
        try:
            found = db.execute("select submission, points, at from grades").fetchall()
        except sqlite3.OperationalError:  # not made yet
            return {}
    return {name: (points, at) for name, points, at in found}


def wait_for(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def client(project: Path, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", *grade("--cluster", address)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_workers_and_clients_die_and_nothing_is_lost_nor_graded_twice(
    a_class: Path, cluster: Cluster
) -> None:
    here = kata(a_class, "grade", "class", "--kata", "mean", "--json", "-")
    expected = {r["submission"]: r["points"] for r in map(json.loads, here.stdout.splitlines())}
    assert len(expected) == COUNT
    first, _second = cluster.worker(a_class), cluster.worker(a_class)

    # The client dies midway …
    process = client(a_class, cluster.address)
    wait_for(lambda: len(rows(a_class)) >= 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = rows(a_class)
    assert 2 <= len(kept) < COUNT

    # … and in the second run a worker does.
    process = client(a_class, cluster.address)
    wait_for(lambda: len(rows(a_class)) >= len(kept) + 2)
    first.send_signal(signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1, said
    found = rows(a_class)
    assert {name: points for name, (points, _) in found.items()} == expected
    assert {name: found[name] for name in kept} == kept

    # A third has nothing to do: not even a scheduler is asked.
    cluster.close()
    again = kata(a_class, *grade("--cluster", cluster.address, "--json", "-"))
    assert len(again.stdout.splitlines()) == COUNT
    assert rows(a_class) == found


def test_a_worker_with_another_suite_is_refused(
    a_class: Path, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["cp", "-r", a_class / "katas", a_class / "solutions", other], check=True)
    suite = other / "solutions/mean/test_hidden.py"
    suite.write_text(suite.read_text().replace("@points(2)", "@points(1)"))
    bare = tmp_path_factory.mktemp("bare")
    cluster.worker(other)
    cluster.worker(bare)
    logs = [cluster.folder / f"dask_worker{number}.log" for number in (1, 2)]
    wait_for(lambda: all(b"Registered to" in log.read_bytes() for log in logs))

    alone = kata(a_class, *grade("--cluster", cluster.address))
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "no worker of the cluster can judge mean" in alone.stderr
    assert "it has another suite of mean" in alone.stderr
    assert "no katas there" in alone.stderr
    assert "Traceback" not in alone.stderr
    assert rows(a_class) == {}

    cluster.worker(a_class)
    third = cluster.folder / "dask_worker3.log"
    wait_for(lambda: b"Registered to" in third.read_bytes())
    done = kata(a_class, *grade("--cluster", cluster.address))
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("is refused") == 2
    points = {name: points for name, (points, _) in rows(a_class).items()}
    assert len(points) == COUNT
    assert {n: p for n, p in points.items() if int(n[-5:-3]) % 3} == dict.fromkeys(
        [f"class/s{number:02}.py" for number in range(COUNT) if number % 3], 6.0
    )


def test_a_cluster_that_is_not_there_is_one_line(a_class: Path) -> None:
    done = kata(a_class, *grade("--cluster", "tcp://127.0.0.1:9"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "no Dask scheduler answers" in done.stderr
    assert len(done.stderr.splitlines()) == 1
