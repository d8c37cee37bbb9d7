"""CPU time of calls with bad or with random input: none takes longer than ``LONGEST`` seconds of this process."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 20.0
# The slowest call of each suite so far: its seconds, and what it was.
slowest: dict[str, tuple[float, str]] = {}


@contextmanager
def bounded(suite: str, call: str) -> Iterator[None]:
    """Fails if what is done inside takes longer, whether it returns or raises."""
    begun = time.process_time()
    try:
        yield
    finally:
        seconds = time.process_time() - begun
        slowest[suite] = max(slowest.get(suite, (0.0, "")), (seconds, call))
        if seconds > LONGEST:
            raise AssertionError(f"{seconds:.1f} s of CPU: {call}")
