"""Experiments that train shipped kinds of networks: ``make prove`` runs them.

resnet_signal.yaml   plain and residual networks of the CIFAR kind, on signals
degradation.py       trains them, and says what must hold
curves.py            the picture of the errors
prove.py             runs everything and writes RESULTS.md
"""
