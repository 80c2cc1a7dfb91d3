"""Views of a graph for people, as deterministic text.

diagram/       the picture: its content, layout, DOT and SVG
summary/       the table of one network, and the overview of several
chart/         accuracy against cost, drawn
diff_text.py   the differences of two networks as text
record.py      the graph as JSON
describe.py    names and descriptions of scopes and runs
sizes.py       the legal sizes
size_notation.py   shapes with open sizes, in mathematical notation
svg_page.py    ids and style rules of an SVG in a page
text_table.py, numbers.py, geometry.py, palette.py   shared by several of them
"""
