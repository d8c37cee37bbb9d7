"""Files that were damaged or made to harm, for every reader of files.

``python -m tests.bad_input.fuzz --count 10000 --seed 0`` mutates good files of every kind and hands each to its reader,
in processes of their own. A reader may return or refuse in one line. It may not run code, start a program, write, read
other files, take longer than 20 seconds, kill its process or raise anything else, nor take more memory (as Python
counts it, and as the system does) than ``FREE`` and a multiple of its size, which is 400, for pictures 2000. The exit
status is 1 where one did; ``--keep FOLDER`` keeps the file.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import tracemalloc
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))
from harmful import filled, to_refuse  # noqa: E402 (found by the path above)
from readers import KINDS, prepare  # noqa: E402 (the same)

FREE = 2**26
SECONDS = 20
_BATCH = 300
_HARMFUL = (
    *("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class", "exec"),
    *(
        "marshal.loads",
        "ctypes.dlopen",
        "socket.connect",
        "os.remove",
        "os.rename",
        "os.mkdir",
        "shutil.rmtree",
    ),
)


def _flip(data: bytearray, rng: random.Random) -> bytearray:
    for _ in range(rng.choice((1, 2, 8, 64))):
        if data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _cut(data: bytearray, rng: random.Random) -> bytearray:
    return data[: rng.randrange(len(data) + 1)]


def _remove(data: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(data) + 1)
    del data[start : start + rng.choice((1, 4, 30))]
    return data


def _repeat(data: bytearray, rng: random.Random) -> bytearray:
    start = rng.randrange(len(data) + 1)
    piece = data[start : start + rng.choice((1, 8, 100))]
    return data[:start] + piece * rng.choice((2, 50, 2000)) + data[start:]


def _field(data: bytearray, rng: random.Random) -> bytearray:
    """A size, somewhere, blown up."""
    form = rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    size = struct.calcsize(form)
    if len(data) >= size:
        value = rng.choice((0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1))
        struct.pack_into(form, data, rng.randrange(len(data) - size + 1), value % 2 ** (8 * size))
    return data


_WORDS = [
    *(
        b"999999999999",
        b"1" * 400,
        b"1e999",
        b"nan",
        b"-",
        b"1_0",
        b"None",
        b"True",
        b"''",
        b"9**9**9",
        b"O",
        b"|O8",
    ),
    *(
        b"(" * 3000,
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"\0" * 100,
        b'"',
        b'"' + b"x" * 200_000,
        b"\r",
        b"\xff\xfe",
        b",",
    ),
    *(
        b";",
        b"\t",
        b"__import__('os').system('touch EXECUTED')",
        b"(1000000000,)",
        b"(-1, 2)",
        b"(2**70,)",
        b"V0",
        b"S0",
    ),
    *(
        "\u0661\u0662".encode(),
        "\u2028".encode(),
        b"../../etc/passwd",
        b"1" + b"0" * 5000,
        b"True,False",
        b"{}",
        b"[]",
    ),
]


def _word(data: bytearray, rng: random.Random) -> bytearray:
    """A word, or a number, replaced or inserted."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.choice(_WORDS) + data[start + rng.choice((0, 1, 3, 8)) :]


def _number(data: bytearray, rng: random.Random) -> bytearray:
    """Digits replaced, as in the header of an array."""
    places = [k for k, byte in enumerate(data) if 48 <= byte <= 57]
    if places:
        place = rng.choice(places)
        data[place : place + 1] = str(rng.choice((0, 7, 2**31, 2**63, 10**30))).encode()
    return data


def _digit(data: bytearray, rng: random.Random) -> bytearray:
    """A few digits by others: what stays readable."""
    places = [k for k, byte in enumerate(data) if 48 <= byte <= 57]
    for place in rng.sample(places, min(len(places), rng.choice((1, 1, 3)))):
        data[place] = rng.randrange(48, 58)
    return data


def _late(data: bytearray, rng: random.Random) -> bytearray:
    """Bits behind the first third, where many files hold their entries."""
    for _ in range(rng.choice((1, 1, 4))):
        if data:
            data[rng.randrange(len(data) // 3, len(data))] ^= 1 << rng.randrange(8)
    return data


def _bomb(ending: str, data: bytearray, rng: random.Random) -> bytearray:
    """A file of this ending that fills far more than its size."""
    if ending in (".h5", ".parquet"):
        return bytearray(filled(ending))
    if ending == ".png":
        side = rng.choice((10_000, 30_000, 2**31 - 1))
        return (
            bytearray(data[:16] + struct.pack(">II", side, side) + data[24:29])
            + struct.pack(">I", zlib.crc32(data[12:16] + struct.pack(">II", side, side) + data[24:29]))
            + data[33:]
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [*archive.namelist(), "../x.npy"]
    return bytearray(_archive(rng.choice(names), *rng.choice(_FILLED)))


_FILLED = ((10**6, zipfile.ZIP_BZIP2), (10**6, zipfile.ZIP_DEFLATED), (2 * 10**8, zipfile.ZIP_DEFLATED))


@cache
def _archive(name: str, size: int, method: int) -> bytes:
    """An archive with one array of zeros, of this many bytes."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", method, compresslevel=9) as archive,
        archive.open(name, "w") as member,
    ):
        member.write(_npy_header(size // 8))
        for _ in range(size // 10**6):
            member.write(bytes(10**6))
    return stream.getvalue()


def _npy_header(count: int) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({count // 2}, 2), }}".encode()
    text = text.ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


_MILD = (_digit, _late)
_MUTATIONS = (_flip, _flip, _cut, _remove, _repeat, _field, _field, _word, _word, _number, _number, *_MILD)


@cache
def _refused() -> dict[str, list[bytes]]:
    return to_refuse()


def mutated(seed: int, k: int) -> tuple[str, bytes]:
    """The k-th file of a seed: its kind, and its bytes."""
    rng = random.Random(f"{seed} {k}")
    name = rng.choice(list(KINDS))
    data = bytearray(rng.choice(KINDS[name].good))
    ending = KINDS[name].ending
    if ending in (".npz", ".png", ".h5", ".parquet") and rng.random() < 0.06:
        return name, bytes(_bomb(ending, data, rng))
    if rng.random() < 0.02 and name in _refused():
        return name, rng.choice(_refused()[name])
    if ending == ".npz" and rng.random() < 0.4:
        return name, _inside(data, rng)
    if rng.random() < 0.3:
        data = rng.choice(_MILD)(data, rng)
    else:
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data = rng.choice(_MUTATIONS)(data, rng)
    if ending == ".png" and rng.random() < 0.7:
        data = _with_sums(data)
    return name, bytes(data)


def _with_sums(data: bytearray) -> bytearray:
    """A picture whose chunks have the right check sums, so that what is wrong in them is decoded."""
    place = 8
    while place + 12 <= len(data):
        end = place + 8 + int.from_bytes(data[place : place + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = zlib.crc32(data[place + 4 : end]).to_bytes(4, "big")
        place = end + 4
    return data


def _inside(data: bytearray, rng: random.Random) -> bytes:
    """An archive whose members are damaged and whose frame is sound."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for member in old.namelist():
            content = bytearray(old.read(member))
            if rng.random() < 0.7:
                content = rng.choice(_MILD if rng.random() < 0.5 else _MUTATIONS)(content, rng)
            new.writestr(member, bytes(content))
    return stream.getvalue()


def _resident(*, peak: bool = False) -> int:
    """Bytes of this process in memory, as its peak is forgotten, or the peak since; 0 where the system does not say."""
    try:
        if not peak:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


class _Alarm(BaseException):
    pass


def _ring(*_: Any) -> None:
    raise _Alarm


def examine(seed: int, numbers: range, folder: Path) -> Iterator[dict[str, Any]]:
    """Read every file in this process: its kind, what came out, and what was wrong with that."""
    from statphys_gen.errors import StatphysError

    watched: list[str] = []
    watching = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and (event in _HARMFUL or (event == "open" and _elsewhere(arguments[0], folder))):
            watched.append(f"{event} {str(arguments[0])[:200]}")

    prepare(folder)
    for kind in KINDS.values():  # what is loaded or compiled at the first call is so now
        path = folder / (kind.name or f"file{kind.ending}")
        for good in kind.good:
            path.write_bytes(good)
            with contextlib.suppress(Exception):
                kind.read(path)
        path.unlink()
    sys.addaudithook(hook)
    signal.signal(signal.SIGALRM, _ring)
    tracemalloc.start()
    for k in numbers:
        name, data = mutated(seed, k)
        path = folder / (KINDS[name].name or f"file{KINDS[name].ending}")
        path.write_bytes(data)
        yield {"k": k, "begun": name}
        tracemalloc.reset_peak()
        before, resident = tracemalloc.get_traced_memory()[0], _resident()
        begun = time.process_time()
        watched.clear()
        outcome, wrong = "read", ""
        watching = True
        signal.alarm(SECONDS)
        try:
            KINDS[name].read(path)
        except StatphysError as error:
            outcome = "refused"
            wrong = (
                ""
                if "\n" not in str(error) and len(str(error)) < 2000
                else f"more than a line: {error}"[:400]
            )
        except _Alarm:
            wrong = f"longer than {SECONDS} s"
        except BaseException as error:  # what no reader may raise
            wrong = f"{type(error).__name__}: {error}"[:400]
        signal.alarm(0)
        watching = False
        seconds = round(time.process_time() - begun, 3)
        taken = max(tracemalloc.get_traced_memory()[1] - before, _resident(peak=True) - resident)
        share = taken / (FREE + KINDS[name].multiple * len(data))
        if share > 1.0:
            wrong = wrong or f"{taken} bytes for a file of {len(data)}"
        if watched:
            wrong = wrong or f"it did {watched[0]}"
        path.unlink()
        if (folder / "EXECUTED").exists() or Path("EXECUTED").exists():
            wrong = "it ran code"
        yield {"k": k, "kind": name, "outcome": outcome, "wrong": wrong, "seconds": seconds, "share": share}


def _elsewhere(path: Any, folder: Path) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False
    return not os.fspath(path if isinstance(path, str) else os.fsdecode(path)).startswith(
        (str(folder), "/dev/null", sys.prefix, str(ROOT / "statphys_gen"))
    )


def run(
    count: int, seed: int, keep: Path | None = None, worst: dict[str, float] | None = None
) -> tuple[Counter[str], list[str]]:
    """Counts of outcomes by kind, and one sentence for each file at which a reader failed.

    ``worst`` takes the most CPU seconds of a file, and the largest share of the memory that it was allowed.
    """
    found: Counter[str] = Counter()
    failures = []
    worst = {} if worst is None else worst
    worst |= {"seconds": 0.0, "share of memory": 0.0}
    start = 0
    while start < count:
        numbers = range(start, min(start + _BATCH, count))
        last = None
        with tempfile.TemporaryDirectory() as folder:
            words = [sys.executable, "-m", "tests.bad_input.fuzz", "--examine", str(start), str(numbers.stop)]
            environment = os.environ | {
                "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
            }
            process = subprocess.run(
                [*words, "--seed", str(seed)],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS * _BATCH,
            )
        for line in process.stdout.splitlines():
            record = json.loads(line)
            last = record
            if "begun" in record:
                continue
            for name, value in (("seconds", record["seconds"]), ("share of memory", record["share"])):
                worst[name] = max(worst[name], value)
            found[f"{record['kind']}: {record['outcome'] if not record['wrong'] else 'WRONG'}"] += 1
            if record["wrong"]:
                failures.append(f"{record['k']} ({record['kind']}): {record['wrong']}")
        if last is None or (process.returncode and "begun" not in last):
            raise RuntimeError(process.stderr[-2000:])
        if "begun" in last:
            end = f"the process ended with {process.returncode}"
            failures.append(f"{last['k']} ({last['begun']}): {end} {process.stderr[-300:]}")
            found[f"{last['begun']}: KILLED"] += 1
        start = last["k"] + 1
    if keep is not None:
        for text in failures:
            k = int(text.split()[0])
            name, data = mutated(seed, k)
            (keep / f"{k}{KINDS[name].ending}").write_bytes(data)
    return found, failures


def _document(
    options: argparse.Namespace, found: Counter[str], failures: list[str], worst: dict[str, float]
) -> dict[str, Any]:
    """What is kept of a run."""
    kinds = {
        name: {outcome: found[f"{name}: {outcome}"] for outcome in ("read", "refused", "WRONG", "KILLED")}
        for name in KINDS
    }
    return {"seed": options.seed, "files": sum(found.values()), "kinds": kinds, "failures": failures} | {
        f"most {name}": round(value, 3) for name, value in worst.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files at which a reader failed")
    parser.add_argument("--output", type=Path, help="JSON file of the counts")
    parser.add_argument("--examine", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.examine:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
        for record in examine(options.seed, range(*options.examine), Path.cwd()):
            print(json.dumps(record), flush=True)
        return 0
    worst: dict[str, float] = {}
    found, failures = run(options.count, options.seed, options.keep, worst)
    if options.output:
        options.output.write_text(json.dumps(_document(options, found, failures, worst), indent=1) + "\n")
    for name in sorted(found):
        print(f"{found[name]:6d}  {name}")
    for text in failures:
        print(text[:400])
    print(f"{sum(found.values())} files, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
