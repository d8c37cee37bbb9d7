"""Reference values of collapse: mpmath from the definitions, 25 digits. Nothing of statphys_gen is used.

Run ``python tests/reference/diffusion_collapse.py`` (about half a minute) to write ``diffusion_collapse.csv`` again.

Informations are differences of differential entropies of densities integrated numerically (one dimension) or of
log-determinants of covariance matrices; times are where these meet log n; condensed quantities come from the
stationary point of the replicated free energy, differentiated numerically.
"""

import csv
from pathlib import Path

import mpmath as mp

TABLE = Path(__file__).with_suffix(".csv")
mp.mp.dps = 30


def number(text):
    return mp.mpf(text)


def noise(t):
    return 1 - mp.exp(-2 * t)


def gaussian_information(eigenvalues, t):
    """log-determinant of the covariance of x_t over that of the noise, halved."""
    return sum(mp.log((noise(t) + mp.exp(-2 * t) * lam) / noise(t)) for lam in eigenvalues) / 2


def gaussian_collapse(log_n, *eigenvalues):
    values = [number(v) for v in eigenvalues]
    return mp.findroot(
        lambda t: gaussian_information(values, t) - number(log_n), (0.05, 3), solver="anderson"
    )


def isotropic_collapse(dimension, variance, log_n):
    d, s2, logs = int(dimension), number(variance), number(log_n)
    low, high = mp.mpf("1e-3"), mp.mpf(8)
    return mp.findroot(
        lambda t: d * gaussian_information([s2], t) - logs, (low, high), solver="ridder", maxsteps=300
    )


def mixture_entropy(parts):
    def integrand(x):
        density = sum(w * mp.npdf(x, m, mp.sqrt(v)) for w, m, v in parts)
        return -density * mp.log(density)

    points = sorted({m + k * mp.sqrt(v) for _, m, v in parts for k in (-12, -5, -2, 0, 2, 5, 12)})
    return mp.quad(integrand, points)


def product_information(mean, t):
    """One component +-1 of the given mean."""
    m, t = number(mean), number(t)
    scale, var = mp.exp(-t), noise(t)
    parts = [((1 + m) / 2, scale, var), ((1 - m) / 2, -scale, var)]
    return mixture_entropy(parts) - mp.log(2 * mp.pi * mp.e * var) / 2


def class_information(signal, weight):
    """I(class; y) of unit Gaussians at +-sqrt(x): entropy of the mixture less that of one."""
    s, w = mp.sqrt(number(signal)), number(weight)
    return mixture_entropy([(w, s, mp.mpf(1)), (1 - w, -s, mp.mpf(1))]) - mp.log(2 * mp.pi * mp.e) / 2


def trap_onset(dimension, variance, log_n):
    """-log P_t at the point exp(-t) a, averaged over a, against log of the own weight over n."""
    d, s2, logs = int(dimension), number(variance), number(log_n)

    def balance(t):
        total = noise(t) + mp.exp(-2 * t) * s2
        log_density = -mp.log(2 * mp.pi * total) / 2 - mp.exp(-2 * t) * s2 / (2 * total)
        own = -mp.log(2 * mp.pi * noise(t)) / 2
        return logs + d * (log_density - own)

    return mp.findroot(balance, (mp.mpf("1e-3"), mp.mpf(8)), solver="ridder", maxsteps=300)


def radius(dimension, variance, log_n, t):
    d, s2, logs, t = int(dimension), number(variance), number(log_n), number(t)
    total = noise(t) + mp.exp(-2 * t) * s2

    def balance(square):
        norm = mp.exp(-2 * t) * s2 + square * noise(t)
        log_density = -mp.log(2 * mp.pi * total) / 2 - norm / (2 * total)
        own = -mp.log(2 * mp.pi * noise(t)) / 2 - square / 2
        return logs + d * (log_density - own)

    return mp.sqrt(mp.findroot(balance, 0.5))


def parisi(alpha, t, *levels):
    """Minimum over m of (alpha + mean log E_a y^m)/m; levels are pairs eigenvalue:share."""
    alpha, t = number(alpha), number(t)
    pairs = [tuple(number(v) for v in level.split(":")) for level in levels]

    def moment(m):
        total = mp.mpf(0)
        for lam, share in pairs:
            # E_a exp(-m (x - q a)^2/(2D)) = sqrt(2 pi D/m) N(x; 0, D/m + q^2 lam); x has the variance D + q^2 lam.
            width = noise(t) / m + mp.exp(-2 * t) * lam
            spread = noise(t) + mp.exp(-2 * t) * lam
            total += share * (mp.log(noise(t) / m / width) / 2 - spread / (2 * width))
        return total

    def slope(m):
        return mp.diff(lambda z: (alpha + moment(z)) / z, m)

    return mp.findroot(slope, (mp.mpf("0.01"), mp.mpf("0.999")), solver="ridder", maxsteps=300)


ROWS = [
    ("isotropic_collapse", isotropic_collapse, ("256", "1", "9.903487552536127")),
    ("isotropic_collapse", isotropic_collapse, ("1024", "1", "9.903487552536127")),
    ("isotropic_collapse", isotropic_collapse, ("4096", "1", "9.903487552536127")),
    ("isotropic_collapse", isotropic_collapse, ("48", "1.7", "7.600902459542082")),
    ("isotropic_collapse", isotropic_collapse, ("40", "0.6", "7.313220387090301")),
    ("gaussian_collapse", gaussian_collapse, ("3", "4", "1.5", "0.5", "0.1", "0.02")),
    ("gaussian_collapse", gaussian_collapse, ("1.2", "2", "0", "0.7")),
    ("product_information", product_information, ("0.5", "0.8")),
    ("product_information", product_information, ("0.5", "1.2")),
    ("product_information", product_information, ("0", "0.3")),
    ("product_information", product_information, ("0.9", "2.5")),
    ("class_information", class_information, ("1", "0.5")),
    ("class_information", class_information, ("4", "0.5")),
    ("class_information", class_information, ("0.05", "0.2")),
    ("class_information", class_information, ("2", "0.9")),
    ("trap_onset", trap_onset, ("40", "0.6", "7.313220387090301")),
    ("trap_onset", trap_onset, ("1000", "2", "9")),
    ("radius", radius, ("40", "0.6", "7.313220387090301", "0.45")),
    ("radius", radius, ("40", "0.6", "7.313220387090301", "0.55")),
    ("radius", radius, ("40", "0.6", "7.313220387090301", "0.65")),
    ("parisi", parisi, ("0.3", "0.1", "1:1")),
    ("parisi", parisi, ("0.3", "0.25", "1:1")),
    ("parisi", parisi, ("0.3", "0.08", "4:0.25", "0.25:0.75")),
    ("parisi", parisi, ("0.5", "0.02", "2:0.5", "0:0.5")),
]

if __name__ == "__main__":
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["quantity", "arguments", "value"])
        for name, function, arguments in ROWS:
            value = mp.nstr(function(*arguments), 22)
            print(name, arguments, value, flush=True)
            writer.writerow([name, " | ".join(arguments), value])
