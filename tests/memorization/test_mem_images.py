"""Reports on images: folders of PNG files as training codes write them, digits, and patches of photographs."""

from pathlib import Path

import numpy as np
import pytest
from command_line import run, run_json

from statphys_gen.memorization import report

datasets = pytest.importorskip("sklearn.datasets")


def write(folder: Path, images: np.ndarray) -> Path:
    from PIL import Image

    folder.mkdir()
    for k, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{k:06d}.png")
    return folder


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Training and held-out digits, grey levels of bytes."""
    images = (datasets.load_digits().images * 15).astype(np.uint8)
    order = np.random.default_rng(3).permutation(len(images))
    return images[order[:240]], images[order[240:420]]


def patches() -> tuple[np.ndarray, np.ndarray]:
    """Coloured patches of 6 x 6 pixels of two photographs, flat ones (sky) left out: these are all near one another."""
    rng = np.random.default_rng(4)
    found = []
    for photograph in datasets.load_sample_images().images:
        for row, column in zip(rng.integers(0, 420, 400), rng.integers(0, 630, 400), strict=True):
            found.append(photograph[row : row + 6, column : column + 6])
    images = np.unique(np.array([patch for patch in found if patch.std() > 25]), axis=0)
    rng.shuffle(images)
    return images[:250], images[250:450]


def gaussian(images: np.ndarray, count: int) -> np.ndarray:
    """A generator without memory: a Gaussian with mean and covariance of the images, in bytes."""
    rng = np.random.default_rng(5)
    flat = images.reshape(len(images), -1).astype(float)
    drawn = rng.multivariate_normal(flat.mean(axis=0), np.cov(flat.T), count)
    return np.clip(np.round(drawn), 0, 255).astype(np.uint8).reshape(count, *images.shape[1:])


@pytest.mark.parametrize("images", [digits, patches], ids=["digits", "photographs"])
def test_a_gaussian_of_images_is_no_copier_and_a_smoother_is(images, tmp_path, capsys) -> None:
    seen, fresh = images()
    made = gaussian(seen, 600)
    clean = report(made, seen, fresh, distances=False)
    assert clean.verdict in ("no-evidence", "cannot-tell")
    assert clean.membership_p_value is not None
    assert clean.membership_p_value > 0.05
    noise = np.random.default_rng(6).integers(-1, 2, (60, *seen.shape[1:]))
    made[:60] = np.clip(seen[:60].astype(int) + noise, 0, 255)
    folders = [write(tmp_path / name, x) for name, x in (("made", made), ("seen", seen), ("fresh", fresh))]
    words = (
        f"memorization report {folders[0]} {folders[1]} --held-out {folders[2]} --output {tmp_path / 'out'}"
    )
    (record,) = run_json(f"{words} --no-distances", capsys)["results"]
    assert record["verdict"] == "memorizes"
    assert record["excess_fraction"] == pytest.approx(0.1, abs=0.03)
    named = {copy["generated"]: copy["training"] for copy in record["named_copies"]}
    assert all(partner == row for row, partner in named.items() if row < 60)
    assert sum(row >= 60 for row in named) <= 0.2 * max(len(named), 1)
    from_arrays = report(made, seen, fresh, distances=False)
    assert record["membership_p_value"] == from_arrays.membership_p_value
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "named_copies.csv",
        "neighbour_ratios.png",
        "neighbours.csv",
        "report.json",
    ]


def test_a_report_is_a_table_for_people(tmp_path, capsys) -> None:
    seen, fresh = digits()
    folders = [
        write(tmp_path / name, x) for name, x in (("made", seen[:150]), ("seen", seen), ("fresh", fresh))
    ]
    status, out, _ = run(
        f"memorization report {folders[0]} {folders[1]} --held-out {folders[2]} --save {tmp_path / 'r.csv'}".split(),
        capsys,
    )
    assert status == 0
    assert "memorizes" in out
    assert (tmp_path / "r.csv").read_text().count("memorizes") == 1
