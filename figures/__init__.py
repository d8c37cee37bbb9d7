"""One folder per system, one script per figure: ``compute(preset)`` makes the data, ``draw(data)`` makes the picture.

``python -m figures`` makes them all, from a checkout; an installed package carries the same scripts and runs them with
``statphys-gen figures``.
"""
