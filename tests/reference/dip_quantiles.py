"""Quantiles of sqrt(n) times the dip of n uniform numbers, for the table in statphys_gen/diffusion/modality.py.

Run from the root of a checkout: python tests/reference/dip_quantiles.py. The dip itself is tested against a linear
programme (tests/diffusion/test_modality.py); here it is only sampled. The 1 % quantiles are known to about 1 %.
"""

import numpy as np

from statphys_gen.data.dip_test import TAIL_PROBABILITIES, dip
from statphys_gen.statistics.streams import generator

SIZES = {10: 20_000, 20: 20_000, 50: 20_000, 100: 20_000, 200: 20_000, 500: 10_000, 2000: 4_000}


def main() -> None:
    for size, draws in SIZES.items():
        random = generator(0, {"purpose": "dip quantiles", "size": size})
        scaled = np.sqrt(size) * np.array([dip(random.random(size)) for _ in range(draws)])
        row = ", ".join(f"{q:.4f}" for q in np.quantile(scaled, 1.0 - np.array(TAIL_PROBABILITIES)))
        print(f"    {size}: ({row}),", flush=True)


if __name__ == "__main__":
    main()
