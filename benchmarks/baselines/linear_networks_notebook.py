"""Error curves of wide linear networks as one would otherwise compute them: Euler steps with square roots of matrices.

The method of the public notebooks of arXiv 2405.17580: dA/dt = -sqrt(A A^T + c^2) G - G sqrt(A^T A + c^2) in equal
steps, each root by a singular value decomposition of the sum.
"""

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar


def root(square: np.ndarray) -> np.ndarray:
    u, s, vt = np.linalg.svd(square)
    return (u * np.sqrt(s)) @ vt


def euler(target: np.ndarray, signal: np.ndarray, threshold: float, last: float, steps: int) -> np.ndarray:
    """Train and test error after every step (steps + 1, 2)."""
    p, n = target.shape
    a = np.zeros((p, n))
    h = last / steps
    rows = [[((a - target) ** 2).mean(), ((a - signal) ** 2).mean()]]
    for _ in range(steps):
        force = a - target
        left = root(a @ a.T + threshold**2 * np.eye(p))
        right = root(a.T @ a + threshold**2 * np.eye(n))
        a = a - h * (left @ force + force @ right)
        rows.append([((a - target) ** 2).mean(), ((a - signal) ** 2).mean()])
    return np.array(rows)


def best_error(strength: float, lazy_ratio: float, initial_noise: float) -> tuple[float, float]:
    """Best test error of one signal and its scaled time: the mode's equation, and a minimum by golden sections."""
    last = 3.0 * np.log1p(2.0 + initial_noise) / (2.0 * lazy_ratio) + 20.0 * np.log1p(2.0 / lazy_ratio)
    flow = solve_ivp(
        lambda _, a: 2.0 * np.sqrt(a * a + lazy_ratio**2) * (strength - a),
        (0.0, last),
        [0.0],
        method="DOP853",
        rtol=1e-11,
        atol=1e-12,
        dense_output=True,
    )

    def test(time: float) -> float:
        q = np.exp(-2.0 * lazy_ratio * time)
        return float((strength - flow.sol(time)[0]) ** 2 + (1.0 - q) ** 2 + initial_noise * q * q)

    grid = np.geomspace(1e-3 * last, last, 40)
    k = int(np.argmin([test(t) for t in grid]))
    around = (grid[max(k - 1, 0)], grid[min(k + 1, 39)])
    found = minimize_scalar(test, bounds=around, method="bounded", options={"xatol": 1e-6 * grid[k]})
    return float(found.fun), float(found.x)


def weights_slope(first: np.ndarray, second: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right side of the flow of full weights."""
    force = second @ first - target
    return -second.T @ force, -force @ first.T
