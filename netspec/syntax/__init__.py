"""Text to trees: what a document says, before it means anything.

yaml/   YAML text to mappings and sequences that know their places
expr/   the expressions inside: parsed, checked and evaluated within bounds
"""
