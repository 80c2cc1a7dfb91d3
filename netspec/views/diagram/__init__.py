"""The picture of a network.

options.py     options of content and layout
folding.py     a graph to the boxes, frames and edges of ``model.py``
expansion.py   the blocks that are expanded
fusion.py      ops that share one box
runs.py        equal siblings that share one box
wiring.py      edges between boxes
captions.py    texts and tooltips
dot.py         DOT text
engine.py      Graphviz: the embedded engine, or the system's
geometry.py    the layout, read from the engine's output
svg.py         the picture itself
"""
