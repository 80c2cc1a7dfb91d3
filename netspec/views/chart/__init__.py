"""The chart that compares networks.

chart.py    the chart
axes.py     ticks
labels.py   labels that do not cover each other
"""
