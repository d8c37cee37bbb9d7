from .dataset import to_netcdf as to_netcdf
from .grid import constant as constant
from .grid import line as line
from .runner import run as run
from .store import Store as Store
