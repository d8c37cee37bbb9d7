"""Files that are well made and have to be refused."""

from __future__ import annotations

import io
from functools import cache

from readers import KINDS, h5


@cache
def filled(ending: str) -> bytes:
    """A file of its kind that would fill ten thousand times its size, and more than the free memory."""
    import numpy as np

    stream = io.BytesIO()
    if ending == ".h5":
        import h5py

        with h5py.File(stream, "w") as content:
            params = content.create_group("update_1/params")
            for name, shape in (("weight_matrix", (4000, 8000)), ("vbias", (4000,)), ("hbias", (8000,))):
                params.create_dataset(name, shape, "f8", chunks=True, compression="gzip", fillvalue=1.0)
            content.create_dataset("model_type", (2**24,), "S8", chunks=True, compression="gzip")
        return stream.getvalue()
    import pyarrow
    from pyarrow import parquet

    rows = 200_000
    words = pyarrow.DictionaryArray.from_arrays(np.zeros(rows, np.int32), ["x" * 10_000])
    parquet.write_table(pyarrow.table({"a": np.zeros(rows), "species": words}), stream)
    return stream.getvalue()


def _long_word() -> bytes:
    """A machine whose kind says that it is half a gigabyte long."""
    import h5py

    data = bytearray(h5())
    with h5py.File(io.BytesIO(bytes(data))) as content:
        place = content["model_type"].id.get_offset()
    data[place : place + 4] = (2**29).to_bytes(4, "little")
    return bytes(data)


def _links(name: str) -> bytes:
    """A machine with an array that lies in another file."""
    import h5py
    import numpy as np

    stream = io.BytesIO()
    with h5py.File(stream, "w") as content:
        params = content.create_group("update_1/params")
        arrays = {"weight_matrix": np.ones((4, 3)), "vbias": np.ones(4), "hbias": np.ones(3)}
        for other, values in arrays.items():
            if other != name:
                params[other] = values
            elif name == "hbias":
                params.create_dataset(name, (3,), "f8", external=[("other.h5", 0, 24)])
            else:
                params[name] = h5py.ExternalLink("other.h5", f"update_1/params/{name}")
    return stream.getvalue()


def to_refuse() -> dict[str, list[bytes]]:
    """Files that are well made and have to be refused, by kind."""
    found = {
        "machines of rbms": [_links("weight_matrix"), _links("hbias"), filled(".h5"), _long_word()],
        "grids": [b'{"noise_levels": [1, 0], "noise_levels_hex": ["0x1p+99999", "0x0p+0"]}'],
        "pickled machines": KINDS["pickled machines"].good,
    }
    return found | ({"frames": [filled(".parquet")]} if "frames" in KINDS else {})
