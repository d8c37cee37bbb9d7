"""The store of a sweep: one SQLite file that loses no finished point, whenever the sweep is killed.

One parent at a time opens the file and holds an exclusive lock until it ends; the operating system releases the lock
however the process ends. SQLite's rollback journal makes each transaction all or nothing, and it works on network file
systems, unlike the write-ahead log. A point counts as finished when its transaction is committed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ..errors import InvalidArgument, StoreError
from .execution import Outcome, failure

if TYPE_CHECKING:
    from .keys import Point

_APPLICATION = 0x53475357  # "SGSW": marks the file as ours
_LAYOUT = 2
_SCHEMA = """
CREATE TABLE points (
    key TEXT PRIMARY KEY,    -- SHA-256 of the next column, in hexadecimal
    point TEXT NOT NULL,     -- canonical JSON: function, code or version, parameters, seed, replica
    call TEXT NOT NULL,      -- SHA-256 of the same without code and version
    result BLOB,             -- header line and exact bytes; NULL if the point failed
    message TEXT,            -- one line; NULL if the point is finished
    traceback TEXT,
    checksum TEXT NOT NULL   -- SHA-256 of the other columns
)
"""


class Store:
    """The finished and failed points of any number of sweeps; a context manager, used by one process at a time."""

    def __init__(self, path: str | Path) -> None:
        if not isinstance(path, str | Path) or "\0" in str(path):
            raise InvalidArgument("store", path, "the name of a file")
        # SQLite gives some names a meaning of their own, of which none is that of a file in a folder.
        self.path, self._name = Path(path).absolute(), str(path)[:200]
        # SQLite takes a file that is shorter than its smallest page for an empty one, and would write over it.
        try:
            size = self.path.stat().st_size if self.path.is_file() else 0
        except OSError as error:  # of a name that no file can have
            raise StoreError(f"{self._name}: {error.strerror}") from None
        if 0 < size < 512:
            raise StoreError(f"{self._name}: the file is not the store of a sweep")
        with self._errors():
            self._connection = sqlite3.connect(self.path, timeout=1.0, isolation_level=None)
            # A damaged text is to be compared, not to stop the reading.
            self._connection.text_factory = lambda text: text.decode("utf-8", "replace")
        try:
            with self._errors():
                self._open()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def finished(self, points: Iterable[Point]) -> dict[str, bytes]:
        """The results of those points that are finished, by key."""
        results = {}
        with self._errors():
            for point in points:
                row = self._connection.execute("SELECT * FROM points WHERE key = ?", (point.key,)).fetchone()
                if row is None:
                    continue
                *columns, checksum = row
                whole = columns[:3] == [point.key, point.text, point.call] and _checksum(columns) == checksum
                if not whole:
                    raise StoreError(f"{self._name}: the file is damaged (at point {point.key[:12]})")
                if columns[3] is not None:
                    results[point.key] = columns[3]
        return results

    def computed_by_other_code(self, points: Iterable[Point]) -> int:
        """How many of these points are in the store with another code or version and all else the same."""
        statement = "SELECT 1 FROM points WHERE call = ? AND key != ? AND result IS NOT NULL LIMIT 1"
        with self._errors():
            return sum(
                self._connection.execute(statement, (point.call, point.key)).fetchone() is not None
                for point in points
            )

    def record(self, outcomes: Iterable[tuple[Point, Outcome]]) -> list[tuple[Point, Outcome]]:
        """Write outcomes in one transaction; when this returns they survive a kill and a power cut.

        Returns what was written: a result that is too large for SQLite is a failed point.
        """
        written = [(point, self._fitting(point, outcome)) for point, outcome in outcomes]
        rows = []
        for point, outcome in written:
            columns = (point.key, point.text, point.call, outcome.result, outcome.message, outcome.traceback)
            rows.append((*columns, _checksum(columns)))
        with self._errors(), self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO points VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        return written

    def _fitting(self, point: Point, outcome: Outcome) -> Outcome:
        limit = self._connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH) - len(point.text.encode()) - 1000
        if outcome.result is None or len(outcome.result) <= limit:
            return outcome
        return failure(
            ValueError(f"the result has {len(outcome.result)} bytes, the store holds at most {limit}")
        )

    def _open(self) -> None:
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA synchronous = FULL")
        with self._transaction():
            application = self._pragma("application_id")
            if application == 0 and not self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                self._connection.execute(_SCHEMA)
                self._connection.execute("CREATE INDEX calls ON points (call)")
                self._connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._connection.execute(f"PRAGMA user_version = {_LAYOUT}")
            elif application != _APPLICATION:
                raise StoreError(f"{self._name}: the file is not the store of a sweep")
            elif self._pragma("user_version") != _LAYOUT:
                raise StoreError(f"{self._name}: the store was written by another version of this package")
        # Not the quick one, which does not compare keys with their index.
        if self._pragma("integrity_check(1)") != "ok":
            raise StoreError(f"{self._name}: the file is damaged")

    def _pragma(self, name: str) -> object:
        return self._connection.execute(f"PRAGMA {name}").fetchone()[0]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """SQLite's errors as one line that names the file."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code == sqlite3.SQLITE_BUSY:
                reason = "another sweep is using this store"
            elif code == sqlite3.SQLITE_NOTADB:
                reason = "the file is not the store of a sweep"
            elif code is not None and code & 0xFF == sqlite3.SQLITE_CORRUPT:
                reason = "the file is damaged"
            else:
                reason = " ".join(str(error).split())
            raise StoreError(f"{self._name}: {reason}") from None
        except UnicodeDecodeError:  # in a complaint of SQLite's that quotes the file
            raise StoreError(f"{self._name}: the file is damaged") from None


def _checksum(columns: Iterable[object]) -> str:
    digest = hashlib.sha256()
    for column in columns:
        data = b"" if column is None else column if isinstance(column, bytes) else str(column).encode()
        digest.update(f"{type(column).__name__} {len(data)} ".encode() + data)
    return digest.hexdigest()
