"""The chart that compares networks.

chart.py            the chart
axes.py             ticks
label_placement.py  labels that do not cover each other
"""
