"""A graph as people look at it: the same graph gives the same bytes.

diagram/       the picture: what it shows, its layout, DOT and SVG
summary/       the table of one network, and the overview of several
chart/         accuracy against cost, drawn
diff_text.py   the differences of two networks as text
record.py      the graph as JSON
describe.py    what scopes and runs of them are called
text_table.py, numbers.py, geometry.py, palette.py   what several of them use
"""
