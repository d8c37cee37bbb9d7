"""Every function and class refuses wrong arguments in one line that names the argument."""

import functions_diffusion
import functions_linear_dynamics
import functions_memorization
import functions_phase_retrieval
import functions_principal_graph
import functions_random_features
import functions_rbm
import functions_residual_networks
import functions_schedules
import functions_score_matching
import functions_shared
import numpy as np
import pytest
from cpu_time import bounded
from refusals import STANDARD, Row, calls, parameters

import statphys_gen
from statphys_gen.errors import InvalidArgument
from statphys_gen.presentation import Tabular

TABLES: dict[str, list[Row]] = {
    "diffusion": functions_diffusion.TABLE,
    "random_features": functions_random_features.TABLE,
    "rbm": functions_rbm.TABLE,
    "phase_retrieval": functions_phase_retrieval.TABLE,
    "linear_dynamics": functions_linear_dynamics.TABLE,
    "score_matching": functions_score_matching.TABLE,
    "residual_networks": functions_residual_networks.TABLE,
    "memorization": functions_memorization.TABLE,
    "schedules": functions_schedules.TABLE,
    "principal_graph": functions_principal_graph.TABLE,
    "shared": functions_shared.TABLE,
}


@pytest.mark.parametrize("name", TABLES)
def test_one_line_that_names_the_argument(name: str) -> None:
    wrong = []
    for function, arguments, argument in calls(TABLES[name]):
        text = f"{function.__qualname__}({', '.join(f'{key}={value!r:.60}' for key, value in arguments.items())})"
        try:
            with np.errstate(all="ignore"), bounded("functions with bad arguments", text):
                function(**arguments)
            wrong.append(f"{text}\n  is accepted")
        except InvalidArgument as error:
            if argument not in (error.argument, error.argument.split("[")[0]) or "\n" in str(error):
                wrong.append(f"{text}\n  should name {argument}, and says: {error}")
        except Exception as error:  # what a user must never see
            wrong.append(f"{text}\n  should name {argument}, and raises {type(error).__name__}: {error}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", [name for name in TABLES if name != "shared"])
def test_every_function_with_a_standard_argument_has_a_row(name: str) -> None:
    door = getattr(statphys_gen, name)
    rows = {function for function, _, _ in TABLES[name]}
    public = {entry: getattr(door, entry) for entry in dir(door) if not entry.startswith("plot")}
    missing = [
        entry
        for entry, function in public.items()
        if callable(function)
        and not (isinstance(function, type) and issubclass(function, Tabular))  # a result
        and not hasattr(
            function, "fit"
        )  # an estimator keeps its parameters as they are, and refuses them in fit
        and function not in rows
        and STANDARD.keys() & set(parameters(function))
    ]
    assert not missing


def test_there_are_hundreds() -> None:
    assert sum(1 for table in TABLES.values() for _ in calls(table)) >= 900
