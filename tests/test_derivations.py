"""Every executable derivation holds."""

import pytest

from derivations import Derivation, all_derivations


@pytest.mark.parametrize("derivation", all_derivations(), ids=lambda derivation: derivation.name)
def test_derivation_holds(derivation: Derivation) -> None:
    assert derivation.holds(), derivation.text
