"""JSON schemas as servers with a strict mode take them, made from the models of replies.

Strict means: every object is closed and every field required. Cerebras refuses bounds, patterns
and formats in a schema; pydantic checks those when the reply is back, so they are left out here.
"""

from collections.abc import Mapping

from pydantic import BaseModel

_KEPT = ("type", "enum", "description", "$ref")
_UNFIT = ("additionalProperties", "patternProperties", "prefixItems", "allOf", "not")
"""What strict servers refuse and no field of a reply needs."""


def strict_schema(model: type[BaseModel]) -> dict[str, object]:
    """Return the schema of a reply for `response_format`.

    Raises ValueError for a model with free keys or fixed tuples: no strict schema has those.
    """
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", None)
    strict = _strict(schema)
    if isinstance(definitions, Mapping):
        strict["$defs"] = {name: _strict(each) for name, each in definitions.items()}
    return strict


def _strict(schema: Mapping[str, object]) -> dict[str, object]:
    if unfit := [word for word in _UNFIT if schema.get(word)]:
        raise ValueError(f"a reply cannot have {unfit[0]}: {schema}")
    kept: dict[str, object] = {key: schema[key] for key in _KEPT if key in schema}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    union = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(union, list):
        kept["anyOf"] = [_strict(each) for each in union]
    items = schema.get("items")
    if isinstance(items, Mapping):
        kept["items"] = _strict(items)
    properties = schema.get("properties")
    if schema.get("type") == "object":
        fields = properties if isinstance(properties, Mapping) else {}
        kept["properties"] = {name: _strict(each) for name, each in fields.items()}
        kept["required"] = list(fields)
        kept["additionalProperties"] = False
    return kept
