"""Prompt templates: fences, placeholders, blocks, chat. The question is in README.md."""


def fence(text: str) -> str:
    """Put a text between lines of backticks, more of them than it has anywhere in a row."""
    raise NotImplementedError


def fill_template(template: str, values: dict[str, str]) -> str:
    r"""Replace each `{{name}}` of a template by its value, which is not looked at any further.

    A placeholder is what `\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}` matches.

    Raises:
        ValueError: if a placeholder has no value. Values without a placeholder are fine.
    """
    raise NotImplementedError


def render_prompt(
    task: str,
    query: str,
    role: str = "",
    instructions: list[str] | None = None,
    output_format: str = "",
    examples: list[dict[str, str]] | None = None,
    chain_of_thought: bool = False,
) -> str:
    """Build a prompt out of blocks, down to the cue from which the model goes on.

    An example has the keys `input` and `output`, whose texts may be empty, and perhaps `reasoning`.

    Raises:
        ValueError: if `task` or `query` is empty, an example lacks `input` or `output`, or, with
            `chain_of_thought`, an example has no reasoning or an empty one.
    """
    raise NotImplementedError


def render_chat(messages: list[dict[str, str]], add_generation_prompt: bool = False) -> str:
    """Write messages (`role`, `content`) as ChatML, with no marker left in their contents.

    Raises:
        ValueError: if there is no message, roles are other than one `system` or none, then `user`
            and `assistant` in turn, or `add_generation_prompt` follows any but the user.
    """
    raise NotImplementedError
