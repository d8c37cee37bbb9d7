"""Does a generator copy its training set? A verdict with an error rate, from arrays of generated, training and
held-out points.

The test of membership needs no model of the generator: if training and held-out points were drawn alike, and the
generator knows nothing of which is which, its near copies fall on either as often as chance assigns labels. ``theory``
holds what is known of neighbours exactly, ``analysis`` reads a user's data, ``simulation`` generators whose answer is
known.
"""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
