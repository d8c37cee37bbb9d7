"""Couplings: what the weights of a network are, with verbs that draw them and verbs that average over them.

``base`` says what every ensemble can do, ``entries`` holds the law of the entries of patterns, and each other file one
family: ``patterns``, ``low_rank``, ``pairs`` (bidirectional and repeated).
"""
