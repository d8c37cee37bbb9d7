"""The recorded commands: for every command, a label and its arguments.

The points lie away from neutral values (variance 1, weight 1/2, density 1, no field, isotropic data, one noise draw),
at which a slip of a factor does not show. Input files lie in ``data``; the calls run in a folder that holds it.
"""

from __future__ import annotations

RANDOM_COMMANDS = (
    "diffusion simulate",
    "random-features simulate",
    "rbm simulate",
    "phase-retrieval simulate",
    "phase-retrieval success",
    "phase-retrieval dmft",
    "diffusion analyse",
    "linear-dynamics simulate",
    "score-matching simulate",
    "memorization report",
    "memorization distance",
    "memorization onset",
    "schedules simulate",
    "principal-graph simulate",
)
# These list or make figures, or run every simulation: they predict nothing by themselves.
OTHER_COMMANDS = ("cite", "figures gallery", "figures list", "figures make", "verify")

_MIXTURES = ("variance", "variances", "diagonal", "common", "full", "three")
_CLASSES = {
    "few dimensions": "--dimension 7 --separation 0.8 --variance 0.6 --weight 0.35",
    "many dimensions": "--dimension 300 --separation 1.3 --variance 2.4 --weight 0.62",
    "no variance": "--dimension 30 --separation 0.7 --variance 0 --weight 0.2",
}
_LAWS = {
    "narrow": "--samples 5000 --dimension 12 --variance 0.7",
    "wide": "--samples 300 --dimension 9 --variance 2.6",
    "eigenvalues": "--samples 20000 --spectrum data/eigenvalues.npy",
    "few samples": "--samples 40 --spectrum data/eigenvalues.npy",
}

DIFFUSION: dict[str, dict[str, str]] = {
    "diffusion clone-agreement": {
        "signal": "--signal 0.05 0.3 1.7 6.5 30 --weight 0.3",
        "signal of a heavy class": "--signal 0 0.8 4.2 --weight 0.85",
        **{name: f"{words} --time 0.4 1.1 2.3" for name, words in _CLASSES.items()},
        **{name: f"--mixture data/mixture_{name}.json --time 0.35 1.2" for name in _MIXTURES},
    },
    "diffusion speciation-time": {
        **_CLASSES,
        **{name: f"--mixture data/mixture_{name}.json" for name in _MIXTURES},
    },
    "diffusion collapse-time": _LAWS,
    "diffusion excess-entropy": {name: f"{words} --time 0.1 0.45 1.6" for name, words in _LAWS.items()},
    "diffusion analyse": {
        "with labels": "data/points.npy --labels data/labels.npy --time 0.4 1.3 --seed 3",
        "without labels": "data/points.npy --seed 5",
    },
    "diffusion simulate": {
        "clones": "clones --dimension 6 --separation 0.9 --variance 0.7 --time 0.5 1.4 --walkers 500 --seed 3",
        "collapse": "collapse --samples 50 --dimension 5 --variance 0.7 --time 0.2 0.8 --data-sets 4 --seed 3",
        "first passage": "first-passage --samples 20 --dimension 4 --variance 1.4 --data-sets 3 --seed 3",
    },
}

_TANH = "--activation tanh --features-per-dimension 6 --time 0.2"
_POLYNOMIAL = "--polynomial 0.1 0.8 0.3 -0.2 --features-per-dimension 3.5 --time 0.6"
_TWO_VALUES = "--covariance 0.4:0.7,2.3:0.3"
_FILE = "--eigenvalues data/eigenvalues.npy"
_FEATURES = {
    "two variances": f"{_TANH} {_TWO_VALUES} --noise-draws 2",
    "eigenvalues": f"--activation erf --features-per-dimension 2.5 --time 0.4 {_FILE} --noise-draws 3",
    "all noise": f"--activation relu --features-per-dimension 8 --time 0.3 {_TWO_VALUES}",
    "polynomial": f"{_POLYNOMIAL} {_TWO_VALUES} --noise-draws 3",
    "marchenko-pastur": "--activation sin --features-per-dimension 5 --time 0.15 --covariance marchenko-pastur:0.6 "
    "--noise-draws 2",
    "power law": "--activation sign --features-per-dimension 4 --time 0.5 --covariance power-law:0.8 --noise-draws 4",
    "linear": f"--activation linear --features-per-dimension 0.7 --time 0.8 {_TWO_VALUES} --noise-draws 2",
}
_QUADRATIC = "--polynomial -0.5 0.3 0.5 --features-per-dimension 8 --time 0.3"
_MERGING = "--between 30.1 30.4 --along features-per-dimension"

RANDOM_FEATURES: dict[str, dict[str, str]] = {
    "random-features coefficients": {
        **{
            name: f"--activation {name} --time 0.15 0.9 --data-variance 1.7"
            for name in ("tanh", "erf", "sin", "relu", "sign", "linear")
        },
        "polynomial": "--polynomial 0.2 -0.7 0.4 0.3 --time 0.15 0.9 --data-variance 0.6",
        "small variance": "--activation tanh --time 0.02 2.5 --data-variance 0.05",
    },
    "random-features spectrum": {
        **{
            name: f"{words} --samples-per-dimension {2.7 if name == 'power law' else 2.2}"
            for name, words in _FEATURES.items()
        },
        "density": f"{_FEATURES['two variances']} --samples-per-dimension 20 --density 5",
        "outliers": f"{_FEATURES['all noise']} --samples-per-dimension 3 --dimension 150",
        "few samples": f"{_FEATURES['eigenvalues']} --samples-per-dimension 0.4 --density 4",
    },
    "random-features learning-curves": {
        **{
            name: f"{words} --samples-per-dimension 2.2 --training-time 0 3 200 inf"
            for name, words in _FEATURES.items()
        },
        "ridge": f"{_FEATURES['two variances']} --samples-per-dimension 9 --ridge 0.01 0.4",
        "ridge of eigenvalues": f"{_FEATURES['eigenvalues']} --samples-per-dimension 0.8 --ridge 0.002 0.1",
    },
    "random-features early-stopping": {
        "two variances": f"{_FEATURES['two variances']} --samples-per-dimension 1.5 7",
        "eigenvalues": f"{_FEATURES['eigenvalues']} --samples-per-dimension 3",
        "window": f"{_FEATURES['polynomial']} --samples-per-dimension 4 --window 0.05",
        "steps": f"{_FEATURES['two variances']} --samples-per-dimension 5 --window 0.1 --dimension 80 "
        "--learning-rate 0.3",
    },
    "random-features timescales": {
        "two variances": f"{_FEATURES['two variances']} --samples-per-dimension 2 12",
        "eigenvalues": f"{_FEATURES['eigenvalues']} --samples-per-dimension 0.7 6 --unit paper --at middle",
        "upper": f"{_FEATURES['polynomial']} --samples-per-dimension 5 40 --at upper",
    },
    "random-features phase-diagram": {
        "two variances": f"--activation tanh --time 0.2 {_TWO_VALUES} --noise-draws 2 --training-time 4 inf "
        "--features-per-dimension 2 5 --samples-per-dimension 1.5 6 --output output",
        "eigenvalues": f"--activation erf --time 0.5 {_FILE} --noise-draws 3 --training-time 10 --points 3 "
        "--output output",
    },
    "random-features merging-line": {
        "features": f"--activation tanh --features-per-dimension 64 --time 0.1 --solve-for samples-per-dimension "
        f"{_MERGING} --from 60 --to 65 --step 0.2",
        "time": "--activation tanh --features-per-dimension 64 --time 0.1 --solve-for samples-per-dimension "
        "--between 30.1 30.4 --along time --from 0.097 --to 0.103 --step 0.1 --max-points 3",
    },
    # No mean, so that there are outliers; the first two laws have variance 1.5 and 1.
    "random-features norm-outliers": {
        "large variance": "--polynomial -0.6372029090235066 0.3 0.5 --features-per-dimension 8 --time 0.3 "
        "--covariance 0.6:0.5,2.4:0.5 --samples-per-dimension 0.5 9",
        "noise draws": f"{_QUADRATIC} --covariance 0.4:0.75,2.8:0.25 --noise-draws 3 --samples-per-dimension 0.5 6",
        "none": f"{_QUADRATIC} {_FILE} --noise-draws 2 --samples-per-dimension 3",
    },
    "random-features simulate": {
        "flow": f"{_FEATURES['two variances']} --samples-per-dimension 2 --dimension 12 --samples 3 "
        "--training-time 3 inf --seed 3",
        "ridge": f"{_FEATURES['polynomial']} --samples-per-dimension 2 --dimension 10 --samples 3 --ridge 0.1 "
        "--spectrum --seed 3",
        "descent": f"{_FEATURES['two variances']} --samples-per-dimension 2 --dimension 10 --samples 3 "
        "--steps 5 20 --step-size 0.2 --momentum 0.4 --seed 3",
        "adam": f"{_FEATURES['two variances']} --samples-per-dimension 2 --dimension 10 --samples 3 "
        "--steps 5 20 --adam 0.01 --seed 3 --gaussian-equivalent",
    },
}

# Every prior with a parameter that is not its default.
_PRIORS = {
    "gaussian": "gaussian --hidden-parameter variance=1.3",
    "binary": "binary --ensemble patterns",
    "zero-one": "zero-one --hidden-parameter threshold=0.4",
    "ternary": "ternary --hidden-parameter inactive-cost=0.5",
    "q-state": "q-state --hidden-parameter states=4",
    "weighted states": "q-state --hidden-parameter states=-1.2,0.1,0.9 weights=0.2,0.5,0.3",
    "relu": "relu --hidden-parameter threshold=0.3",
    "soft-threshold": "soft-threshold --hidden-parameter threshold=0.4",
    "mixture": "mixture --hidden-parameter gaussian-weight=0.7",
    "spherical": "spherical",
}
_CONVENTIONS = ("sqrt-beta", "beta")
# At which the overlap with itself is never 0, so that there is no paramagnet.
_WITHOUT_PARAMAGNET = ("zero-one", "weighted states", "relu")
# Which have a capacity; bounded units have none.
_UNBOUNDED = ("gaussian", "relu", "soft-threshold")


def _of_priors(states: dict[str, str]) -> dict[str, str]:
    """Every prior in both conventions in every state; the mixture has no energy and so no convention beta."""
    return {
        f"{prior}, {convention}, {state}": f"--hidden {words} --convention {convention} --start {state} {point}"
        for prior, words in _PRIORS.items()
        for convention in _CONVENTIONS
        if (prior, convention) != ("mixture", "beta")
        for state, point in states.items()
        if state != "paramagnet" or prior not in _WITHOUT_PARAMAGNET
    }


_LOW_RANK = "--ensemble low-rank --noise 0.6 --spike 1.8"
_BOTH = "--hidden binary --ensemble bidirectional --layer-ratio 1.7 --convention beta"
_REPEATED = "--ensemble repeated --layer-ratio 2.5 --load 0"
_RBM_SOLVE = {
    **_of_priors(
        {
            "retrieval": "--load 0.03 --temperature 0.35 --pattern-field 0.05",
            "glass": "--load 0.3 --temperature 0.45 --visible-field 0.15",
            "paramagnet": "--load 0.2 --temperature 2.5",
        }
    ),
    "paramagnet, sparse": "--hidden gaussian --convention sqrt-beta --start paramagnet --load 0.2 --temperature 2.5 "
    "--patterns sparse --density 0.6",
    "grid": "--hidden gaussian --convention sqrt-beta --start retrieval --load 0.02 0.05 --temperature 0.2 0.4",
    "absent": "--hidden gaussian --convention sqrt-beta --start retrieval --load 0.05 --temperature 0.4 0.8",
    "inverse temperature": "--hidden relu --convention beta --start retrieval --load 0.04 --beta 3.3",
    "sparse": "--hidden gaussian --convention sqrt-beta --patterns sparse --density 0.5 --load 0.001 "
    "--temperature 0.05 --start retrieval",
    "sparse, both fields": "--hidden relu --hidden-parameter threshold=0.2 --convention beta --patterns sparse "
    "--density 0.7 --load 0.03 --temperature 0.3 --pattern-field 0.1 --visible-field -0.1 --start retrieval",
    "gaussian patterns": "--hidden relu --convention beta --patterns gaussian --load 0.05 --temperature 0.4 "
    "--pattern-field 0.3 --start retrieval",
    "gaussian patterns, glass": "--hidden gaussian --convention sqrt-beta --patterns gaussian --load 0.3 "
    "--temperature 0.4 --visible-field 0.3 --start glass",
    "diluted": "--hidden relu --hidden-parameter threshold=2.5 --visible zero-one --visible-field -4 --convention "
    "sqrt-beta --patterns diluted --condensed 1.7 --load 0.006 --temperature 0.03 --start retrieval",
    "condensed": "--hidden gaussian --convention sqrt-beta --condensed 3 --load 0.002 --temperature 0.1 "
    "--start retrieval",
    "condensed, beta": "--hidden relu --convention beta --condensed 3 --load 0.003 --temperature 0.12 "
    "--start retrieval",
    "visible zero-one": "--hidden gaussian --visible zero-one --convention sqrt-beta --load 0.05 --temperature 0.4 "
    "--visible-field 0.2 --start glass",
    "visible zero-one, beta": "--hidden relu --visible zero-one --convention beta --load 0.05 --temperature 0.3 "
    "--visible-field -0.2 --pattern-field 0.1 --start retrieval",
    "visible gaussian": "--hidden binary --visible gaussian --convention sqrt-beta --load 0.4 --temperature 1.7 "
    "--visible-field 0.2 --start glass",
    "visible gaussian, beta": "--hidden ternary --visible gaussian --convention beta --load 0.3 --temperature 2.2 "
    "--start paramagnet",
    "size": "--hidden binary --ensemble patterns --convention sqrt-beta --load 0.5 --temperature 1.2 "
    "--pattern-field 0.4 --size 2000 --start retrieval",
    "size, beta": "--hidden relu --hidden-parameter threshold=0.2 --convention beta --load 0.05 --temperature 0.5 "
    "--size 700 --start retrieval",
    "size of a glass": "--hidden gaussian --hidden-parameter variance=0.8 --convention sqrt-beta --load 0.2 "
    "--temperature 1.9 --visible-field 0.2 --size 300 --start glass",
    "size of a paramagnet": "--hidden ternary --hidden-parameter inactive-cost=0.4 --convention sqrt-beta --load 0.3 "
    "--temperature 1.5 --size 400 --start paramagnet",
    **{
        f"bidirectional, {state}": f"{_BOTH} --start {state} {point}"
        for state, point in (
            ("retrieval", "--load 0.04 --temperature 0.4"),
            ("glass", "--load 0.5 --temperature 0.5"),
            ("paramagnet", "--load 0.1 --temperature 2.4"),
        )
    },
    "bidirectional, sqrt-beta": "--hidden binary --ensemble bidirectional --layer-ratio 0.6 --convention sqrt-beta "
    "--load 0.03 --temperature 0.4 --pattern-field 0.1 --start retrieval",
    "bidirectional, ternary": "--hidden ternary --hidden-parameter inactive-cost=0.3 --ensemble bidirectional "
    "--layer-ratio 1.4 --convention beta --load 0.03 --temperature 0.3 --start retrieval",
    **{
        f"low-rank, {state}": f"--hidden binary {_LOW_RANK} --convention sqrt-beta --start {state} {point}"
        for state, point in (
            ("retrieval", "--load 0.7 --temperature 0.6"),
            ("glass", "--load 0.7 --temperature 0.3"),
            ("paramagnet", "--load 0.7 --temperature 2.8"),
        )
    },
    "low-rank, beta": f"--hidden zero-one --hidden-parameter threshold=0.2 {_LOW_RANK} --convention beta --load 1.4 "
    "--temperature 0.3 --pattern-field 0.1 --start retrieval",
    "low-rank, two spikes": "--hidden binary --ensemble low-rank --noise 0.5 --spike 2.2 1.3 --convention beta "
    "--load 0.8 --temperature 0.7 --visible-field 0.1 --start retrieval",
    "repeated": f"--hidden binary {_REPEATED} --convention beta --temperature 1.1 --start retrieval",
    "repeated, sqrt-beta": f"--hidden relu --hidden-parameter threshold=0.3 {_REPEATED} --convention sqrt-beta "
    "--temperature 0.4 --start retrieval",
    "repeated, paramagnet": f"--hidden ternary --hidden-parameter inactive-cost=0.6 {_REPEATED} --convention beta "
    "--temperature 2.9 --start paramagnet",
}

_RBM_LINE = {
    **{
        f"glass, {prior}": f"glass --hidden {words} --convention sqrt-beta --load 0.13 0.7"
        for prior, words in _PRIORS.items()
        if prior not in _WITHOUT_PARAMAGNET
    },
    **{
        f"glass, {prior}, beta": f"glass --hidden {_PRIORS[prior]} --convention beta --load 0.3"
        for prior in ("gaussian", "binary", "ternary", "q-state", "soft-threshold", "spherical")
    },
    "glass in the density": "glass --hidden gaussian --convention sqrt-beta --patterns sparse --temperature 0.9 "
    "--load 0.3 --solve-for density",
    "glass in the noise": "glass --hidden binary --ensemble low-rank --convention beta --load 0.8 --temperature 0.5 "
    "--solve-for noise --between 0.1 3",
    "glass in the inactive cost": "glass --hidden ternary --convention beta --load 0.8 --temperature 0.5 --solve-for "
    "inactive-cost --between -2 2",
    "glass in the threshold": "glass --hidden soft-threshold --convention sqrt-beta --load 0.3 --temperature 1.2 "
    "--solve-for threshold --between 0 2",
    "glass in the layer ratio": "glass --hidden binary --ensemble bidirectional --convention beta --load 0.2 "
    "--temperature 0.8 --solve-for layer-ratio --between 0.1 5",
    "glass, sparse": "glass --hidden gaussian --convention sqrt-beta --patterns sparse --density 0.4 "
    "--temperature 0.9 1.4",
    "glass, bidirectional": "glass --hidden binary --ensemble bidirectional --layer-ratio 1.7 --convention beta "
    "--load 0.4",
    "glass, low-rank": f"glass --hidden binary {_LOW_RANK} --convention beta --load 0.8",
    "at, retrieval": "at --hidden gaussian --hidden-parameter variance=0.8 --convention beta --load 0.135 "
    "--between 0.002 0.1",
    "at, retrieval, sqrt-beta": "at --hidden gaussian --convention sqrt-beta --load 0.13 --between 0.001 0.1",
    "at in the field": "at --hidden binary --ensemble patterns --convention sqrt-beta --load 0.5 --temperature 0.5 "
    "--start glass --solve-for visible-field --between 0.05 2",
    "at, glass": "at --hidden binary --ensemble patterns --convention sqrt-beta --visible-field 0.3 --start glass "
    "--load 0.5 --between 0.3 1.2",
    "at, glass, beta": "at --hidden ternary --hidden-parameter inactive-cost=0.3 --convention beta --visible-field 0.2 "
    "--start glass --load 0.6 --between 0.1 1.2",
    "at, bidirectional": f"at {_BOTH} --load 0.24 --between 0.01 0.3",
    "spinodal": "spinodal --hidden gaussian --hidden-parameter variance=1.2 --convention sqrt-beta --temperature 0.2 "
    "0.5 --between 0.005 0.3",
    "spinodal, relu": "spinodal --hidden relu --hidden-parameter threshold=0.2 --convention beta --temperature 0.2 "
    "--between 0.01 0.6",
    "spinodal, soft-threshold": "spinodal --hidden soft-threshold --hidden-parameter threshold=0.3 --convention "
    "sqrt-beta --temperature 0.3 --between 0.001 0.3",
    "spinodal, bidirectional": f"spinodal {_BOTH} --temperature 0.3 --between 0.01 0.4",
    "spinodal in the temperature": "spinodal --hidden gaussian --convention sqrt-beta --load 0.06 --between 0.05 0.9",
    "spinodal, lower end": "spinodal --hidden gaussian --convention sqrt-beta --load 0.03 --temperature 0.5 "
    "--solve-for variance --between 0.6 3 --lower-end",
    "spinodal, sparse": "spinodal --hidden gaussian --convention sqrt-beta --patterns sparse --density 0.8 "
    "--temperature 0.1 --between 0.001 0.3",
    "spinodal, size": "spinodal --hidden gaussian --convention sqrt-beta --load 0.06 --size 800 --between 0.05 0.9",
    "spinodal, absent": "spinodal --hidden gaussian --convention sqrt-beta --load 0.1 --temperature 0.5 "
    "--solve-for pattern-field --between -0.4 0.4",
    "first-order": "first-order --hidden gaussian --hidden-parameter variance=1.2 --convention sqrt-beta "
    "--temperature 0.2 --between 0.01 0.2",
    "first-order, relu": "first-order --hidden relu --hidden-parameter threshold=0.2 --convention beta "
    "--temperature 0.25 --between 0.005 0.4",
    "first-order, sparse": "first-order --hidden gaussian --convention sqrt-beta --patterns sparse --density 0.5 "
    "--temperature 0.05 --between 0.0005 0.1",
    "first-order, soft-threshold": "first-order --hidden soft-threshold --hidden-parameter threshold=0.3 "
    "--convention beta --temperature 0.2 --between 0.001 0.3",
    "first-order, mixture": "first-order --hidden mixture --hidden-parameter gaussian-weight=0.8 --convention "
    "sqrt-beta --temperature 0.2 --between 0.002 0.2",
    "first-order in the temperature": "first-order --hidden gaussian --convention sqrt-beta --load 0.03 "
    "--between 0.05 0.9",
    "first-order, bidirectional": f"first-order {_BOTH} --temperature 0.3 --between 0.005 0.3",
    "low-load, mixture": "low-load --hidden mixture --convention sqrt-beta -T 0.3 0.7 --solve-for gaussian-weight",
    "low-load, relu": "low-load --hidden relu --hidden-parameter threshold=0.3 --convention sqrt-beta",
    "low-load, sparse": "low-load --hidden gaussian --hidden-parameter variance=1.4 --patterns sparse --density 0.3 "
    "--convention sqrt-beta",
    "low-load, repeated": "low-load --hidden binary --ensemble repeated --convention beta --layer-ratio 2.5",
    "low-load, spike": "low-load --hidden binary --ensemble low-rank --noise 0.5 --convention beta --load 0.8 "
    "--spike 2.1",
    "low-load in the spike": "low-load --hidden ternary --hidden-parameter inactive-cost=0.3 --ensemble low-rank "
    "--noise 0.6 --convention beta --load 0.8 --temperature 0.9 --solve-for spike --between 0.1 8",
}

RBM: dict[str, dict[str, str]] = {
    "rbm solve": _RBM_SOLVE,
    "rbm line": _RBM_LINE,
    "rbm capacity": {
        **{prior: f"--hidden {words}" for prior, words in _PRIORS.items() if prior in _UNBOUNDED},
        "bounded": f"--hidden {_PRIORS['ternary']}",
        "sqrt-beta": f"--hidden {_PRIORS['soft-threshold']} --convention sqrt-beta",
        "sparse": "--hidden gaussian --patterns sparse --density 0.4",
        "bidirectional": "--hidden binary --ensemble bidirectional --layer-ratio 1.7",
        "one step, bidirectional": "--hidden binary --ensemble bidirectional --layer-ratio 1.6 --one-step "
        "--temperature 0 0.05",
        "one step, temperature": "--hidden gaussian --one-step --temperature 0 0.04",
    },
    "rbm phase-diagram": {
        "gaussian": "--hidden gaussian --hidden-parameter variance=1.2 --convention sqrt-beta --temperature 0.3 1.6 "
        "--load 0.01 0.4 --points 3 3 --output output",
        "low-rank": f"--hidden binary {_LOW_RANK} --convention beta --temperature 0.4 1.9 --load 0.3 1.6 --points 3 3 "
        "--output output",
        "relu": "--hidden relu --hidden-parameter threshold=0.3 --convention beta --temperature 0.2 0.9 "
        "--load 0.02 0.5 --points 2 3 --output output",
    },
    "rbm place": {
        "spike": "data/weights.npz",
        "ternary": "data/weights.npz --hidden ternary --hidden-parameter inactive-cost=0.4 --margin 0.3",
        "visible zero-one": "data/weights.npz --hidden zero-one --hidden-parameter threshold=0.2 --visible zero-one",
        "without a spike": "data/weights_without_spike.npz --margin 0.4",
    },
    "rbm simulate": {
        "retrieval": "--hidden gaussian --hidden-parameter variance=1.2 --convention sqrt-beta --load 0.05 "
        "--temperature 0.5 --start retrieval --visible-units 40 --samples 3 --chains 4 --sweeps 10 --seed 3",
        "glass": "--hidden ternary --hidden-parameter inactive-cost=0.3 --convention beta --load 0.5 --temperature 1.3 "
        "--visible-field 0.2 --start glass --visible-units 40 --samples 3 --chains 4 --sweeps 10 --seed 3",
        "low-rank": f"--hidden binary {_LOW_RANK} --convention beta --load 0.7 --temperature 0.9 --start retrieval "
        "--visible-units 40 --samples 3 --chains 4 --sweeps 10 --seed 3",
    },
}

_LOSSES = {
    "normalised": "--offset 0.6 --prefactor 1.5",
    "normalised, small offset": "--offset 0.03",
    "intensity": "--loss intensity --prefactor 0.7 --largest-label 2",
    "amplitude": "--loss amplitude --offset 1.6 --largest-label 2.1",
    "truncated": "--offset 0.8 --largest-label 2.2",
    "expression": "--expression (y**2-t**2)**2/(0.7+t**2)",
}

PHASE_RETRIEVAL: dict[str, dict[str, str]] = {
    "phase-retrieval spectrum": {
        **{
            f"{name}{', overlap' if m else ''}": f"{words} --samples-per-dimension 1.6 5.5 --overlap {m}"
            for name, words in _LOSSES.items()
            for m in (0.0, 0.35)
        },
        "density": "--offset 0.6 --samples-per-dimension 3.2 --overlap -0.2 --density 6 --upper 4",
        "density of the amplitude": f"{_LOSSES['amplitude']} --samples-per-dimension 4.2 --density 5",
        "pairs": "--offset 0.7 --samples-per-dimension 3.7 --samples data/pairs.npy --blocks 8",
        "pairs, overlap": "--loss amplitude --offset 0.5 --overlap 0.4 --samples-per-dimension 5 --samples "
        "data/pairs.npy --density 4",
    },
    "phase-retrieval threshold": {
        **{f"initial, {name}": words for name, words in _LOSSES.items()},
        "initial, overlap": "--offset 0.3 2.5 --overlap 0.3",
        "initial, amplitude, overlap": "--loss amplitude --offset 0.8 1.7 --largest-label 2.1 --overlap 0.25",
        "one-step": "--offset 0.7 2 --state one-step",
        "one-step, jumps": "--offset 0.4 --state one-step --largest-jump-fraction 0.2",
        "one-step, amplitude": "--loss amplitude --offset 0.6 --state one-step",
        "full": "--offset 0.8 --state full --steps 4",
    },
    "phase-retrieval threshold-state": {
        "one-step": "--offset 0.7 --samples-per-dimension 5 8",
        "one-step, amplitude": "--loss amplitude --offset 1.6 --samples-per-dimension 14 20",
        "one-step, intensity": "--loss intensity --largest-label 2 --prefactor 1.4 --samples-per-dimension 7",
        "one-step, expression": "--expression (y**2-t**2)**2/(0.7+t**2) --samples-per-dimension 6",
        "one-step, truncated": "--offset 0.8 --largest-label 2.2 --samples-per-dimension 7",
        "one-step, consistency": "--offset 1.4 --samples-per-dimension 7.5 --consistency",
        "full": "--offset 0.7 --samples-per-dimension 6 --state full --steps 4",
        "full, consistency": "--offset 1.6 --samples-per-dimension 8 --state full --steps 4 --consistency",
    },
    "phase-retrieval dmft": {
        "normalised": "--offset 0.6 --samples-per-dimension 4.5 --steps 8 --paths 2048 --replicas 3 --seed 3",
        "overlap": "--loss amplitude --offset 0.4 --overlap 0.2 --samples-per-dimension 4.5 --steps 8 --paths 2048 "
        "--replicas 3 --temperature 0.1 --seed 3",
        "gradient flow": "--offset 0.6 --samples-per-dimension 3.5 --steps 5 --gradient-flow --paths 2048 --replicas 3 "
        "--seed 3 --every 2",
    },
    "phase-retrieval simulate": {
        "start": "--offset 0.6 --samples-per-dimension 4.5 --overlap 0.2 --dimension 24 --instances 4 --seed 3",
        "descent": "--offset 0.6 --samples-per-dimension 4.5 --dimension 24 --instances 4 --steps 5 --paths 128 "
        "--replicas 3 --hessian --seed 3",
    },
    "phase-retrieval success": {
        "sphere": "--offset 0.6 --samples-per-dimension 3 6 --dimension 12 --instances 6 --duration 10 --seed 3",
        "spectral": "--offset 0.6 --samples-per-dimension 4 --dimension 12 --instances 6 --duration 10 --seed 3 "
        "--start spectral",
    },
}

LINEAR_DYNAMICS: dict[str, dict[str, str]] = {
    "linear-dynamics mode": {
        "one threshold": "-s 2.3 0.4 -0.7 --threshold 0.6 --training-time 0 0.35 2.2",
        "two layers": "-s 1.4 0.2 --thresholds 0.9 0.35 --rates 1.7 0.4 --initial 0.15 --training-time 0.8",
        "extremes": "-s 3e-5 4e4 --threshold 7e-4 --training-time 1e-6 0.02 500",
    },
    "linear-dynamics flow": {
        "wide": "--first-layer data/first_layer.npy --second-layer data/second_layer.csv --target data/target.npy "
        "--training-time 0 0.15 1.2",
        "unequal rates": "--first-layer data/first_layer.npy --second-layer data/second_layer.csv --target "
        "data/target.npy --training-time 0.4 --rates 1.6 0.7",
    },
    "linear-dynamics errors": {
        "limit": "-x 0.9 0.6 --kappa 0.25 --omega 0.15 --training-time 0.2 1.3 4",
        "dimension": "-x 0.9 0.6 --kappa 0.25 --omega 0.15 --training-time 0.2 1.3 4 --dimension 70",
        "width": "-x 0.8 --kappa 0.35 --omega 0.3 --noise 0.7 --training-time 1.3 --dimension 70 --finite-width",
    },
    "linear-dynamics best-error": {
        "limit": "-x 0.9 0.6 --kappa 0.003 0.07 0.8 4 --omega 0 0.3",
        "two dips": "-x 1.2 0.05 0.05 0.05 0.05 --kappa 0.00074",
        "dimension": "-x 0.9 0.6 --kappa 0.2 --omega 0.1 --dimension 90",
    },
    "linear-dynamics lazy-ratio": {
        "one signal": "-x 0.9 --test-error 0.02 0.3",
        "noise": "-x 0.8 0.5 --test-error 0.35 0.4 --initial-noise 0.2 --noise 1.3",
    },
    "linear-dynamics weak-signal": {
        "below and above": "--tau 0.4 0.97 1.04 2.6 --threshold 0.7 --training-time 0.3 1.9",
        "active": "--tau 0.8 1.7 --threshold 0.02 --training-time 2.5",
    },
    "linear-dynamics lazy-width": {
        "wide": "--width-ratio 3.5 40 --scaled-time 0.2 0.9",
        "narrow": "--width-ratio 0.3 0.97 --scaled-time 0.2 0.9 5",
    },
    "linear-dynamics phase-diagram": {
        "plane": "-d 150 --rank 4 --variance-exponent -2 -1.4 -0.8 --width-exponent 1.6 2.3 --output plane",
        "one point": "-d 40 --rank 2 --variance-exponent -1.3 --width-exponent 1.8 --output plane",
    },
    "linear-dynamics simulate": {
        "flow": "-d 10 --width 60 --variance 0.04 -x 1.1 --training-time 0.6 1.4 --instances 3 --seed 3",
        "descent": "-d 6 --width 20 --variance 0.06 -x 1.1 --training-time 0.6 --instances 3 --seed 3 --algorithm "
        "descent --learning-rate 0.001",
    },
}

_LINE = "--points -1.1 -0.3 0.4 0.4 1.2 --mu 0.9 --sigma 0.45"
SCORE_MATCHING: dict[str, dict[str, str]] = {
    "score-matching score": {
        "scales": f"{_LINE} -y -1.4 0.045 0.3 9",
        "time": "--points-file data/line.csv --time 0.35 -y -0.2 0.7",
    },
    "score-matching variation-weight": {
        "inside": f"{_LINE} -y -0.7 0.1 0.36",
        "outside": "--points-file data/line.csv --time 0.35 -y -2 1.5",
    },
    "score-matching irregularity": {
        "several": "--points -1.9 -1.1 -0.45 0.2 0.8 1.6 --mu 0.95 --sigma 0.3 0.1 0.03",
        "repeated": f"{_LINE}",
    },
    "score-matching sharpness": {
        "scales": f"{_LINE} --network data/score_network.json --hessian",
        "time": "--points-file data/line.csv --time 0.35 --network data/score_network.json",
    },
    "score-matching descent": {
        "file": f"{_LINE} --network data/score_network.json --learning-rate 0.02 0.1 --steps 60",
        "drawn": f"{_LINE} --neurons 5 --seed 4 --learning-rate 0.05 --steps 40",
    },
    "score-matching simulate": {
        "grid": f"{_LINE} --neurons 5 --learning-rate 0.05 --steps 20 --starts 3 --seed 2",
        "batches": f"{_LINE} --network data/score_network.json --learning-rate 0.02 --steps 20 --starts 3 --batch 4",
    },
    "score-matching distances": {
        "population": f"{_LINE} --population-mean 0.3 --population-variance 1.7",
        "time": "--points-file data/line.csv --time 0.35",
    },
}

_TWO = "-d 300 --separation 0.8 --variance 0.36 --weight 0.72"
_FAR = "--dimension 100000000 --separation 1.3 --variance 0.25 --p 0.28"
_NET = "--positive-samples 3 --negative-samples 1 --variance 0.64 --output-ridge 0.2 --input-ridge 0.05"
SCHEDULES: dict[str, dict[str, str]] = {
    "schedules evaluate": {
        "interpolant": f"{_TWO} --schedule dilated-vp-trigonometric --dilation 2.2 --steps 13",
        "levels": f"{_TWO} --noise-level 40 9 2 0.5 0 --scheme heun --start mean",
        "far": f"{_FAR} --schedule ve-linear --steps 9",
        "karras": f"{_FAR} --schedule karras --steps 9 --noise-level-range 0.02 40000 --start mean",
        "mixture": "--mixture data/mixture_common.json --schedule flow-uniform --steps 8 --noise-level-range 0 inf",
        "data": "--data data/points.npy --labels data/labels.npy --schedule log-uniform --steps 7 "
        "--noise-level-range 0.05 9",
    },
    "schedules limit": {
        "odd": "--schedule dilated-vp-linear --weight 0.7 --variance 0.3 --dilation 2.2 --steps 7",
        "exploding": "--schedule dilated-ve-linear --weight 0.3 --variance 0.3 --dilation 2.2 --steps 12",
        "bent": "--schedule ve-trigonometric --weight 0.7 --variance 0.3 --steps 11",
        "many": "--schedule dilated-vp-linear --weight 0.7 --variance 0.3 --dilation 0.8 --steps inf",
    },
    "schedules crossover": {
        "weight": "--schedule vp-linear --steps-ratio 0.6 1.7 --weight 0.72",
        "details": "--schedule ve-linear --steps-ratio 0.3 1.7",
    },
    "schedules curie-weiss": {
        "even": "--dimension 60 --inverse-temperature 1.6 --tilt 0.9",
        "odd": "-d 31 -J 1.2 --tilt -0.4",
    },
    "schedules curie-weiss-limit": {
        "even": "-J 1.6 --tilt 0.9 --dilation 2.2 --steps 12",
        "odd": "-J 1.6 --tilt 0.9 --kappa 2.2 --steps 9 --schedule dilated-vp-trigonometric",
    },
    "schedules u-turn": {
        "light": "--signal 0 0.3 2.5 --weight 0.28",
        "heavy": "--signal 1.7 30 --weight 0.8",
    },
    "schedules windows": {"numbers": _TWO, "mixture": "--mixture data/mixture_common.json"},
    "schedules autoencoder-details": {
        "fresh": "--samples 5 --noise-draws inf --ridge 0.3 --variance 0.64 --noise-scale 0.7 --data-scale 0.6",
        "three": "-n 4 -m 3 --ridge 0.3 --variance 0.64 --noise-scale 0.7 --data-scale 0.6",
    },
    "schedules autoencoder-generated": {
        "fresh": "--samples 5 --noise-draws inf --ridge 0.3 --variance 0.64",
        "three": "-n 4 -m 3 --ridge 0.3 --variance 0.64",
    },
    "schedules autoencoder-speciation": {
        "early": f"{_NET} --dilated-time 0.8",
        "late": f"{_NET} --dilated-time 4",
    },
    "schedules autoencoder-weight": {
        "few": f"{_NET} --dilation 2.2 --steps 4",
        "more": f"{_NET} --kappa 3.1 --steps 9 --seed 4",
    },
    "schedules design": {
        "numbers": f"{_TWO} --steps 6",
        "data": "data/points.npy --labels data/labels.npy --steps 5 --target flow-match --shift 3",
    },
    "schedules simulate": {
        "classes": f"{_TWO} --schedule vp-linear --steps 5 --walkers 400 --seed 3",
        "spins": "-d 30 -J 1.6 --tilt 0.9 --schedule dilated-vp-linear --kappa 2.2 --steps 4 --walkers 200 --seed 3",
    },
}

_TASK = "--data data/residual_task.json"
RESIDUAL_NETWORKS: dict[str, dict[str, str]] = {
    "residual-networks train": {
        "file": f"{_TASK} --depth 2 3 6 --learning-rate 0.1 --steps 15",
        "drawn": "-d 3 --width 4 -n 5 --seed 2 --depth 4 8 --learning-rate 0.05 --steps 10 --activation gelu",
    },
    "residual-networks initial-rate": {
        "file": f"{_TASK} --activation erf",
        "drawn": "-d 3 --width 7 -n 5 --seed 2 --activation relu",
    },
    "residual-networks tied-linear": {
        "growing": "--target 3 --input 1.3 --depth 1 4 32 --training-time 0.03 0.4 9",
        "shrinking": "--target 0.4 --input 0.7 --depth 2 --training-time 0.5",
    },
    "residual-networks alternating": {
        "targets": "--target 0.6 3 --half-depth 1 8",
        "deep": "--target 1.7 --half-depth 1000",
    },
}

_SETS = "data/made.npy data/seen.npy"
MEMORIZATION: dict[str, dict[str, str]] = {
    "memorization report": {
        "points": f"{_SETS} --held-out data/fresh.npy --ratio 0.4 --level 0.02 --seed 3",
        "no held-out set": f"{_SETS} --no-distances",
        "labels": f"{_SETS} --held-out data/fresh.npy --groups data/seen_groups.npy data/fresh_groups.npy --strata "
        "data/seen_classes.npy data/fresh_classes.npy --false-discovery-rate 0.2 --smallest-fraction 0.3",
        "features": f"{_SETS} --held-out data/fresh.npy --features data/made_features.npy data/seen_features.npy "
        "data/fresh_features.npy",
    },
    "memorization null": {
        "chance": "--dimension 1 2.5 9 --ratio 0.4",
        "smoothed": "--dimension 1 2.5 9 --ratio 0.4 --point-density 70 --smoothing-width 0.06",
    },
    "memorization distance": {
        "points": "data/made.npy data/fresh.npy --directions 20 --bandwidth 1.3 --seed 2",
        "features": "data/made_features.npy data/seen_features.npy",
    },
    "memorization onset": {
        "looks": "data/looks.csv --level 0.2 --z 3 --seed 2",
        "early": "data/looks.csv --level 0.04",
    },
    "memorization denoiser": {
        "clean": "data/noised.npy data/denoised.npy --training data/seen.npy --mu 0.8 --sigma 0.5 --predicts clean "
        "--other data/denoised_otherwise.npy --other-training data/fresh.npy",
        "noise": "data/noised.npy data/denoised.npy --training data/seen.npy --mu 0.8 --sigma 0.5 --predicts noise "
        "--population data/denoised_otherwise.npy",
    },
}

_BUMPS, _SKEWED = "data/bumps.csv", "--mixture data/skewed.json"
PRINCIPAL_GRAPH: dict[str, dict[str, str]] = {
    "principal-graph transition": {
        "points": f"{_BUMPS} --components 3",
        "mixture": f"{_SKEWED} --components 4",
        "classes": "--mixture data/mixture_three.json",
        "chain": "--graph chain --nodes 6 --stiffness 0 3 200 --samples 400 --variance 2.7",
        "edges": f"{_BUMPS} --graph data/star_edges.csv --stiffness 3",
    },
    "principal-graph state": {
        "points": f"{_BUMPS} --temperature 0.4 1.6 --components 3",
        "mixture": f"{_SKEWED} --temperature 1.3",
        "learned": f"{_SKEWED} --temperature 1.3 --weight-kind learned",
    },
    "principal-graph split-temperature": {
        "points": f"{_BUMPS} --upper 4",
        "lone centroid": f"{_BUMPS} --components 1",
        "range": f"{_BUMPS} --lower 0.3 --upper 2.5",
    },
    "principal-graph clusters": {
        "points": f"{_BUMPS} --temperature 3 0.6",
        "between": f"{_BUMPS} --temperature 1.3",
    },
    "principal-graph cascade": {
        "points": f"{_BUMPS} --lowest 0.5",
        "events": f"{_BUMPS} --events 2 --minimum-weight 0.1",
    },
    "principal-graph tree-marginals": {
        "nodes": "data/nodes.csv --stiffness 1.7",
        "stiff": "data/nodes.csv --stiffness 45",
    },
    "principal-graph speciation-time": {
        "two classes": "--dimension 12 --separation 0.8 --variance 0.6",
        "mixture": "--mixture data/mixture_three.json",
    },
    "principal-graph fit": {
        "chosen": "data/ring.csv --nodes 20 --seed 3",
        "from nodes": "data/ring.csv --start data/nodes.csv --edges data/star_edges.csv --stiffness 2 "
        "--background none --iterations 100 --error-bars",
        "cycle": "data/ring.csv --nodes 20 --stiffness evidence --cycles resampled --shortest-cycle 5 "
        "--weight-kind equal",
    },
    "principal-graph simulate": {
        "mixture": f"{_SKEWED} --samples 500 --temperature 1.3 --instances 3 --seed 2",
        "warm": f"{_SKEWED} --samples 300 --temperature 2.6 --instances 3 --seed 4",
    },
}

SHARED: dict[str, dict[str, str]] = {
    "compare": {
        "clones": 'data/clones.csv --prediction "diffusion clone-agreement --dimension 7 --separation 0.8 '
        '--variance 0.6 --weight 0.35" --fitted 1',
        "losses": 'data/losses.csv --prediction "random-features learning-curves '
        f'{_FEATURES["two variances"]} --samples-per-dimension 2.2" --value score_error --resolution 0.7',
    },
}

CALLS: dict[str, dict[str, str]] = (
    DIFFUSION
    | RANDOM_FEATURES
    | RBM
    | PHASE_RETRIEVAL
    | LINEAR_DYNAMICS
    | SCORE_MATCHING
    | RESIDUAL_NETWORKS
    | MEMORIZATION
    | SCHEDULES
    | PRINCIPAL_GRAPH
    | SHARED
)
