"""Speed, as ratios against what one would otherwise run, measured side by side.

Each benchmark is a module that prints one JSON object when it is run: ``python -m benchmarks.clone_curve``. The
baselines are scripts in ``benchmarks/baselines``. ``python -m benchmarks`` runs all and keeps what they print in
``benchmarks/results``.
"""
