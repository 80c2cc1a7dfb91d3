"""For those who write documents.

schema/            the JSON schema, for editors
starter.py         the document that ``netspec new`` writes
block_example.py   the call of a block, as an example
"""
