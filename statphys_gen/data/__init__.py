"""What several systems study: laws of data, their sampling and channels, and data sets from files."""

from ..doors import door

__getattr__, __dir__, __all__ = door(__name__, __file__)
