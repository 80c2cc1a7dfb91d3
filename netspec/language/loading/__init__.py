"""From paths and names to documents.

document.py     a document with all that it extends and imports
extends.py      documents that extend others, as one
header.py       the top level of a file
imports.py      the blocks of other files
unused.py       arguments that nothing reads
files.py        which files may be read, and where the networks that ship are
library.py      the blocks that ship
overriding.py   variants, and arguments given from outside
"""
