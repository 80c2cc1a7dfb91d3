"""From paths and names to documents.

document.py     a document with those that it extends and imports
extends.py      a chain of documents that extend each other, merged into one
header.py       the top level of a file
imports.py      the blocks of other files
unused.py       warnings about arguments that nothing reads
files.py        which files may be read, and where the networks that ship are
library.py      the blocks that ship
overriding.py   variants, and overrides of arguments
"""
