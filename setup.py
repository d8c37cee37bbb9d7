"""Packages of the wheel: those of statphys_gen, and the folder figures under the name statphys_gen.figures."""

from setuptools import find_packages, setup

package = find_packages(include=["statphys_gen", "statphys_gen.*"])
figures = find_packages(include=["figures", "figures.*"])
setup(
    packages=[*package, *(f"statphys_gen.{name}" for name in figures)],
    package_dir={"statphys_gen.figures": "figures"},
)
