"""Every executable derivation holds."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from derivations import Derivation, all_derivations


@pytest.mark.parametrize("derivation", all_derivations(), ids=lambda derivation: derivation.name)
def test_derivation_holds(derivation: Derivation) -> None:
    assert derivation.holds(), derivation.text
