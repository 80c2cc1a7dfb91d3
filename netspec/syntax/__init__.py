"""Text to trees: the syntax of documents, without their meaning.

yaml/      YAML text to mappings and sequences with spans
expr/      the expressions inside: parsed, checked and evaluated within bounds
pattern/   patterns of axes: names and brackets, with their places
"""
