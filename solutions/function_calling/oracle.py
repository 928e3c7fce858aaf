"""The jsonschema package, as an independent implementation of validation.

It reports more than the kata wants below a value of wrong type, names what is missing or too many
only in its message, and one error stands for all names that are too many. For schemas of tools
there is no oracle; those of the reference are checked to be schemas.
"""

from jsonschema import Draft202012Validator

from solutions.function_calling import function_calling as reference

KEYWORDS = {"type", "enum", "anyOf", "properties", "required", "additionalProperties", "items"}


def tool_schema(source):
    schema = reference.tool_schema(source)
    Draft202012Validator.check_schema(schema["function"]["parameters"])
    return schema


def validate_arguments(arguments, schema):
    errors = Draft202012Validator(schema).iter_errors(arguments)
    errors = [error for error in errors if error.validator in KEYWORDS]
    wrong = [tuple(error.absolute_path) for error in errors if error.validator == "type"]
    found = set()
    for error in errors:
        path = tuple(error.absolute_path)
        inside = any(path[: len(start)] == start for start in wrong if start != path)
        if inside or (path in wrong and error.validator != "type"):
            continue
        for name in names(error):
            found.add((written((*path, *name)), error.validator))
    return sorted(found)


def names(error):
    """Return the properties that an error is about, each in a tuple; an empty one for the value."""
    if error.validator == "required":
        return [(name,) for name in error.validator_value if name not in error.instance]
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        return [(name,) for name in error.instance if name not in known]
    return [()]


def written(path):
    """Write a path as the kata does."""
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
