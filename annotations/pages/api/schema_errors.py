"""Errors in the OpenAPI schema: every operation can answer with the one shape."""

from typing import Any

_ERROR = {
    "type": "object",
    "description": "Every error has this shape, whatever went wrong.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "for programs"},
                "message": {"type": "string", "description": "for people"},
                "fields": {"type": "object", "additionalProperties": True, "description": "what is wrong with each"},
            },
            "required": ["code", "message"],
        }
    },
    "required": ["error"],
}


def add_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add the shape, and what every operation may answer (a hook of drf-spectacular after the schema is made)."""
    result["components"].setdefault("schemas", {})["Error"] = _ERROR
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path in result["paths"].values():
        path["get"]["responses"]["4XX"] = {"content": content, "description": "What was asked cannot be had."}
    return result
