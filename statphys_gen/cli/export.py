"""Records of a command as a file: CSV, or netCDF."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def save_records(path: Path, document: Mapping[str, Any]) -> None:
    """Write the results of a command's JSON document, one row for each record.

    The command, its version, its parameters (the seed among them) and its summary stand in a CSV file as JSON in a
    first line that begins with ``#``, in a netCDF file, whose axis is ``record``, as attributes. Lists and objects
    inside a record are written as JSON text.
    """
    records = document["results"]
    names = list(dict.fromkeys(name for record in records for name in record))
    columns = {name: [record.get(name) for record in records] for name in names}
    if path.suffix.lower() == ".csv":
        about = {name: entry for name, entry in document.items() if name != "results"}
        with path.open("w", newline="", encoding="utf-8") as stream:
            stream.write(f"# {json.dumps(about)}\n")
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows(
                zip(*([_text(entry) for entry in column] for column in columns.values()), strict=True)
            )
    else:
        _write_netcdf(path, columns, document)


def _write_netcdf(path: Path, columns: Mapping[str, Sequence[Any]], document: Mapping[str, Any]) -> None:
    import numpy as np
    import xarray

    data = {}
    for name, column in columns.items():
        if all(
            entry is None or (isinstance(entry, int | float) and not isinstance(entry, bool))
            for entry in column
        ):
            values: Any = np.array([np.nan if entry is None else entry for entry in column], dtype=np.float64)
        else:
            values = np.array([_text(entry) for entry in column], dtype=np.str_)
        data[name] = (("record",), values)
    attributes = {
        name: entry if isinstance(entry, str) else json.dumps(entry)
        for name, entry in document.items()
        if name != "results"
    }
    xarray.Dataset(data, attrs=attributes).to_netcdf(path, engine="h5netcdf")


def _text(entry: Any) -> str:
    if entry is None:
        return ""
    return entry if isinstance(entry, str) else json.dumps(entry)
