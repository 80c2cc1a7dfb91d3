"""For those who write documents.

schema/            the JSON schema, for editors
records.py         what pydantic says of the arguments of ops and combinators
starter.py         the document that ``netspec new`` writes
block_example.py   the call of a block, as an example
"""
