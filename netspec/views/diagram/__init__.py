"""The picture of a network.

options.py     how much a picture shows, and how it is laid out
folding.py     a graph to what the picture shows: ``model.py``'s boxes, frames and edges
expansion.py   which blocks are shown open
fusion.py      ops that share one box
runs.py        equal siblings that share one box
wiring.py      edges between boxes
captions.py    what stands in and beside them
dot.py         DOT text
engine.py      Graphviz, or the layout engine that comes with netspec
geometry.py    the layout that the engine found
svg.py         the picture itself
"""
