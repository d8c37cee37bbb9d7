"""Objects of ours reach other processes: they are pickled, mean the same there, and compute the same bits."""

import pickle
from typing import Any

import pytest
from sent_objects import OBJECTS, identify

from statphys_gen import sweep
from statphys_gen.code import code_hash


@pytest.mark.parametrize("name", OBJECTS)
def test_a_copy_by_pickle_is_the_same(name: str) -> None:
    subject = OBJECTS[name]
    copy = pickle.loads(pickle.dumps(subject))
    assert copy is not subject
    assert code_hash(copy) == code_hash(subject)
    assert identify(name, copy) == identify(name, subject)


def test_workers_are_sent_every_object() -> None:
    """As the elements of a line of points; each is compared with what this process says of it."""
    line = sweep.line(name=list(OBJECTS), subject=list(OBJECTS.values()))
    found = sweep.run(identify, line, workers=2, progress=False)
    for k, (name, subject) in enumerate(OBJECTS.items()):
        here: dict[str, Any] = identify(name, subject)
        assert {key: str(found[key].values[k]) for key in here} == here, name
