"""The charts that compare networks.

chart.py            the chart
quantities.py       what its axes and areas are
legend.py           what stands beside and below it
style.py            its looks
axes.py             ticks
label_placement.py  labels that do not cover each other
"""
