"""Tools for authors of documents.

schema/            the JSON schema, for editors
records.py         the JSON schemas of the arguments of ops and combinators
starter.py         the document that ``netspec new`` writes
block_example.py   examples of calls of blocks
"""
