"""The gradebook: reports in SQLite, one transaction a submission; a run can be continued.

What was handed in is kept beside the reports, so that submissions can be compared later.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograder.catalog import CatalogError, Kata
from autograder.report import Report
from autograder.sandbox.submission import Source

SCHEMA_VERSION = 2
SCHEMA = """
create table if not exists grades (
    submission text not null, kata text not null, suite text not null, source text not null,
    seed integer not null, points real not null, max_points real not null, at real not null,
    report blob not null,
    primary key (submission, kata)
);
create table if not exists sources (
    submission text not null, kata text not null, source text not null, chunks blob not null,
    primary key (submission, kata)
);
"""


def suite_version(kata: Kata) -> str:
    """Return a digest of all that decides a verdict: suite, reference, misconceptions, points."""
    digest = hashlib.sha256()
    names = ("test_hidden.py", f"{kata.name}.py", "misconceptions.py")
    for path in (kata.folder / "kata.toml", *(kata.solutions / name for name in names)):
        digest.update(path.name.encode() + b"\0")
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()[:16]


def source_digest(source: Source) -> str:
    """Return a digest of a submission's text."""
    digest = hashlib.sha256((source.problem or "").encode())
    for name, text in source.chunks:
        digest.update(f"{name}\0{text}\0".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


class Gradebook:
    """A SQLite file of reports; one writer, readers at any time.

    Args:
        path: the file; it is made where it does not exist.

    Raises:
        CatalogError: if the file is no gradebook, or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sources: list[tuple[str, str, str, bytes]] = []
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
            (version,) = self._db.execute("pragma user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise CatalogError(f"{path}: written by a newer version of llm-katas")
            tables = {name for (name,) in self._db.execute("select name from sqlite_master")}
            if tables and "grades" not in tables:
                raise CatalogError(f"{path}: a database, but no gradebook; choose another --out")
            self._db.execute("pragma journal_mode = wal")
            self._db.executescript(SCHEMA)
            self._db.execute(f"pragma user_version = {SCHEMA_VERSION}")
        except sqlite3.Error as error:
            raise CatalogError(f"{path}: cannot be used as a gradebook: {error}") from None

    def find(self, submission: str, kata: str, suite: str, source: str, seed: int) -> Report | None:
        """Return the report of just this submission, suite and seed, or None."""
        row = self._db.execute(
            "select report from grades where submission = ? and kata = ? and suite = ?"
            " and source = ? and seed = ?",
            (submission, kata, suite, source, seed),
        ).fetchone()
        return msgspec.json.decode(row[0], type=Report) if row else None

    def write(self, report: Report, suite: str, source: str, seed: int) -> None:
        """Keep a report in the place of an older one of the same submission and kata."""
        row = (
            report.submission,
            report.kata,
            suite,
            source,
            seed,
            report.points,
            report.max_points,
            time.time(),
            msgspec.json.encode(report),
        )
        self._write_sources()
        self._db.execute("insert or replace into grades values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def keep(self, source: Source, kata: str) -> None:
        """Keep a submission's text, to be written with the next report."""
        if source.chunks:
            chunks = zlib.compress(json.dumps(source.chunks).encode(), 1)
            name = source.name.encode("utf-8", "backslashreplace").decode()
            self._sources.append((name, kata, source_digest(source), chunks))

    def _write_sources(self) -> None:
        if not self._sources:
            return
        self._db.execute("begin")
        self._db.executemany(
            "insert into sources values (?, ?, ?, ?) on conflict do update set"
            " source = excluded.source, chunks = excluded.chunks where source != excluded.source",
            self._sources,
        )
        self._db.execute("commit")
        self._sources.clear()

    def sources(self, kata: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each submission of a kata and its chunks of code."""
        rows = self._db.execute(
            "select submission, chunks from sources where kata = ? order by submission", (kata,)
        )
        for submission, chunks in rows:
            yield submission, [text for _, text in json.loads(zlib.decompress(chunks))]

    def reports(self) -> Iterator[Report]:
        """Yield every report, by kata and submission."""
        for (data,) in self._db.execute("select report from grades order by kata, submission"):
            yield msgspec.json.decode(data, type=Report)

    def points(self) -> dict[tuple[str, str], float]:
        """Return what each (submission, kata) got."""
        rows = self._db.execute("select submission, kata, points from grades")
        return {(submission, kata): points for submission, kata, points in rows}

    def close(self) -> None:
        """Close the file."""
        self._write_sources()
        self._db.close()
