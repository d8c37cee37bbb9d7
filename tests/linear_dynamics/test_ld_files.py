"""Matrices from files."""

from pathlib import Path

import numpy as np

from statphys_gen.linear_dynamics.analysis.files import load_matrix


def test_both_kinds_of_files_give_the_matrix(tmp_path: Path) -> None:
    matrix = np.array([[0.1, -2.0, 3.5e-7]])
    np.save(tmp_path / "matrix.npy", matrix)
    (tmp_path / "matrix.csv").write_text("0.1,-2,3.5e-7\n")
    np.save(tmp_path / "integers.npy", np.array([[1, 2], [3, 4]]))
    for name in ("matrix.npy", "matrix.csv"):
        found = load_matrix("--target", tmp_path / name)
        assert found.dtype == np.float64
        assert found.tolist() == matrix.tolist()
    assert load_matrix("--target", tmp_path / "integers.npy").tolist() == [[1.0, 2.0], [3.0, 4.0]]
