"""Independent blocks of work on threads, with results that do not depend on the number of threads.

The caller fixes the blocks; threads only decide who computes which. BLAS runs on one thread inside a block, because its
result changes in the last bits with its own thread count.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .. import validation
from ..progress import observe

T = TypeVar("T")


def map_blocks(
    function: Callable[[int], T], blocks: int, *, threads: int = 1, progress: bool = False
) -> list[T]:
    """``[function(0), ..., function(blocks - 1)]``, computed by ``threads`` threads with one BLAS thread each.

    Only functions that release the interpreter lock (BLAS, numba kernels with ``nogil=True``) gain from more threads.
    """
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    validation.integer("blocks", blocks, minimum=1)
    validation.integer("threads", threads, minimum=1)
    with threadpool_limits(limits=1), tqdm(total=blocks, disable=None if progress else True) as bar:

        def run(block: int) -> T:
            result = function(block)
            bar.update()
            return result

        if threads == 1:
            return [run(block) for block in range(blocks)]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(run, range(blocks)))


observe(map_blocks)
