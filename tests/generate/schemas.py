"""Make the JSON Schemas from the types of the JSON contract.

`python tests/generate/schemas.py` writes `vmxtool/report/documents/schema/`; a test compares.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import vmxtool
from vmxtool.report.documents.constraints import Least, Most, OneOf, Pattern
from vmxtool.report.documents.contract import CONTRACTS

FOLDER = Path(vmxtool.__file__).parent / "report" / "documents" / "schema"

Schema = dict[str, Any]

_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number", NoneType: "null"}
_COMMANDS = {
    "check": "check --target T",
    "check-all": "check",
    "rewrites": "undo --list",
    "guide-table": "guide --table N",
    "guide-pair": "guide --from P --to Q",
    "explain": "explain WORD...",
}


def main() -> None:
    """Write every schema, and remove those whose document is gone."""
    wanted = files()
    for path in FOLDER.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def files() -> dict[str, str]:
    """The text of every schema by the name of its file."""
    return {f"{name}.json": json.dumps(_document(name), indent=2) + "\n" for name in CONTRACTS}


def _document(name: str) -> Schema:
    parts: dict[str, Schema] = {}
    contract = CONTRACTS[name]
    command = f"vmxtool {_COMMANDS.get(name, name)} --format json"
    title = "vmxtool, on every exit without an answer" if name == "error" else command
    whole = _object(contract, parts) if is_typeddict(contract) else schema_of(contract, parts)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title}
    return {**head, **whole, **({"$defs": dict(sorted(parts.items()))} if parts else {})}


def schema_of(kind: Any, parts: dict[str, Schema]) -> Schema:
    """The schema of a type; those of the parts that it names are put into `parts`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    if is_typeddict(kind):
        return _part(kind, parts)
    if origin is Annotated:
        return _narrowed(schema_of(arguments[0], parts), kind.__metadata__)
    if origin is Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if origin in {Union, UnionType}:
        return _one_of([schema_of(it, parts) for it in arguments])
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], parts)}
    if origin is dict and arguments[0] is str:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], parts)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [it.value for it in kind]}
    raise TypeError(f"no schema for {kind!r}")


def _part(kind: Any, parts: dict[str, Schema]) -> Schema:
    name = re.sub("(?<=[a-z])(?=[A-Z])", "-", kind.__name__.removesuffix("Value")).lower()
    if name not in parts:
        parts[name] = {}  # so that a part may hold itself
        parts[name] = _object(kind, parts)
    return {"$ref": f"#/$defs/{name}"}


def _object(kind: Any, parts: dict[str, Schema]) -> Schema:
    fields = get_type_hints(kind, include_extras=True)
    return {
        "description": kind.__doc__,
        "type": "object",
        "required": [name for name in fields if name in kind.__required_keys__],
        "properties": {name: schema_of(field, parts) for name, field in fields.items()},
        "additionalProperties": False,
    }


def _one_of(choices: list[Schema]) -> Schema:
    others = [it for it in choices if it != {"type": "null"}]
    if len(others) == len(choices) or len(others) > 1:
        return {"anyOf": choices}
    (only,) = others
    if "enum" in only:
        return {**only, "enum": [*only["enum"], None]}
    if isinstance(only.get("type"), str):
        return {**only, "type": [only["type"], "null"]}
    return {"anyOf": choices}


def _narrowed(schema: Schema, constraints: tuple[object, ...]) -> Schema:
    is_list = schema.get("type") == "array"
    for constraint in constraints:
        match constraint:
            case Least(number):
                schema = {**schema, "minItems" if is_list else "minimum": number}
            case Most(number):
                schema = {**schema, "maxItems" if is_list else "maximum": number}
            case Pattern(expression):
                schema = {**schema, "pattern": expression}
            case OneOf():
                schema = {"enum": list(constraint.words)}
            case _:
                raise TypeError(f"no schema for {constraint!r}")
    return schema


if __name__ == "__main__":
    main()
