"""Clone agreement: the probability that backward trajectories which share x_t end in the same class."""

from .class_signal import signal
from .two_class import (
    signal_at_agreement,
    two_class_agreement,
    two_class_disagreement,
    two_class_excess,
)

__all__ = [
    "signal",
    "signal_at_agreement",
    "two_class_agreement",
    "two_class_disagreement",
    "two_class_excess",
]
