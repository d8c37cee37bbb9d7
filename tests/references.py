"""Reference values of ``tests/reference``: numbers by routes that share no code with the package."""

import csv
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "reference"


def document(name: str) -> Any:
    """The contents of a JSON file."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with (FOLDER / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def table(name: str) -> list[tuple[str, list[str], float]]:
    """Quantity, arguments and value of every row, where these are the columns and " | " stands between arguments."""
    return [(row["quantity"], row["arguments"].split(" | "), float(row["value"])) for row in rows(name)]
