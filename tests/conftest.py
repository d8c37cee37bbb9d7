"""Options of the tests, and the sum of what their comparisons spend (``agreement.py``)."""

import multiprocessing
import signal
from collections.abc import Iterator
from typing import Any

import agreement
import cpu_time
import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--start-method",
        choices=("spawn",),
        help="how the package starts processes, as if there were no other way (macOS and Windows: spawn)",
    )


def pytest_configure(config: pytest.Config) -> None:
    # What a shell starts in the background is deaf to Ctrl-C, and so would be what the tests start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    method = config.getoption("--start-method")
    if method:
        of = multiprocessing.get_context
        absent = {*multiprocessing.get_all_start_methods()} - {method}

        def context(name: str | None = None) -> Any:
            if name in absent:
                raise ValueError(f"cannot find context for {name!r}")
            return of(name)

        multiprocessing.set_start_method(method, force=True)
        multiprocessing.get_all_start_methods = lambda: [method]
        multiprocessing.get_context = context


@pytest.fixture(scope="session", autouse=True)
def one_parser() -> Iterator[None]:
    """All commands in this process share a parser, which takes 30 ms to build."""
    from statphys_gen import cli  # a planted error that stops this fails tests, not their start

    parser = cli.build_parser()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "build_parser", lambda: parser)
        yield


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["spent"] = agreement.spent
    elif agreement.spent > agreement.TOTAL_RATE:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of pytest-xdist has ended."""
    agreement.spent += getattr(node, "workeroutput", {}).get("spent", 0.0)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if agreement.spent:
        text = (
            f"false alarms of all comparisons: at most {agreement.spent:.3g}, allowed {agreement.TOTAL_RATE}"
        )
        terminalreporter.write_line(text)
    for suite, (seconds, call) in sorted(cpu_time.slowest.items()):
        terminalreporter.write_line(f"slowest call of {suite}: {seconds:.2f} s of CPU, {call[:300]}")
