"""The schemas that pydantic generates for the records of ops and combinators."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class _Records(GenerateJsonSchema):
    """A JSON Schema generator with a type for bodies: pydantic has none for classes that are not models."""

    def is_instance_schema(self, schema: core_schema.IsInstanceSchema) -> JsonSchemaValue:
        return {"type": "body"}


# Cached, because pydantic takes milliseconds for each record, and an editor's schema asks for some of them twice.
@cache
def record_properties(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the schema of each field of a record; the type of bodies is ``body``.

    Example:
        >>> from netspec.ops import OPS
        >>> record_properties(OPS["dropout"])["p"]["type"]
        'number'
    """
    properties: dict[str, dict[str, Any]] = model.model_json_schema(schema_generator=_Records).get("properties", {})
    return properties
