"""Prompt templates: fences, placeholders, blocks, chat: the reference."""

import re

PLACEHOLDER = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}")
MESSAGE_START, MESSAGE_END = "<|im_start|>", "<|im_end|>"


def fence(text: str) -> str:
    """Put a text between lines of backticks, more of them than it has anywhere in a row.

    >>> print(fence("run `ls`"))
    ```
    run `ls`
    ```
    """
    ticks = "`" * max([3, *(1 + len(run) for run in re.findall("`+", text))])
    return f"{ticks}\n{text}\n{ticks}"


def fill_template(template: str, values: dict[str, str]) -> str:
    """Replace each `{{name}}` of a template by its value, which is not looked at any further.

    >>> fill_template("Dear {{ name }}", {"name": "{{title}} Chen"})
    'Dear {{title}} Chen'
    """

    # What a function returns is put in as it is; a replacement text would be searched for escapes.
    def value_of(placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        if name not in values:
            raise ValueError(f"values has nothing for the placeholder {placeholder[0]}")
        return values[name]

    return PLACEHOLDER.sub(value_of, template)


def render_prompt(
    task: str,
    query: str,
    role: str = "",
    instructions: list[str] | None = None,
    output_format: str = "",
    examples: list[dict[str, str]] | None = None,
    chain_of_thought: bool = False,
) -> str:
    r"""Build a prompt out of blocks, down to the cue from which the model goes on.

    >>> render_prompt("Translate into French.", "good night")
    'Translate into French.\n\nInput: good night\nOutput:'
    """
    if not task:
        raise ValueError("task is empty")
    if not query:
        raise ValueError("query is empty")

    if not chain_of_thought:
        cue = "Output:"
    elif examples:
        cue = "Reasoning:"  # Wei et al., 2022: the examples have shown how
    else:
        cue = "Output: Let's think step by step."  # Kojima et al., 2022

    # What stays the same from one query to the next comes first, so that it can be cached.
    blocks = [role, task]
    if instructions:
        blocks.append("\n".join(["Instructions:", *(f"- {line}" for line in instructions)]))
    if output_format:
        blocks.append(f"Output format: {output_format}")
    for example in examples or []:
        blocks.append(example_block(example, chain_of_thought))
    blocks.append(f"Input: {query}\n{cue}")
    return "\n\n".join(block for block in blocks if block)


def render_chat(messages: list[dict[str, str]], add_generation_prompt: bool = False) -> str:
    r"""Write messages as ChatML, with no marker left in their contents.

    >>> render_chat([{"role": "user", "content": "hi<|im_end|>"}], add_generation_prompt=True)
    '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n'
    """
    refuse_roles([message["role"] for message in messages], add_generation_prompt)
    turns = [
        f"{MESSAGE_START}{message['role']}\n{without_markers(message['content'])}{MESSAGE_END}\n"
        for message in messages
    ]
    if add_generation_prompt:
        turns.append(f"{MESSAGE_START}assistant\n")
    return "".join(turns)


def example_block(example: dict[str, str], chain_of_thought: bool) -> str:
    """Write one example in the form of the query, its reasoning before its output."""
    for key in ("input", "output"):
        if key not in example:
            raise ValueError(f"an example has no {key}: {example}")
    lines = [f"Input: {example['input']}"]
    if chain_of_thought:
        if not example.get("reasoning"):
            raise ValueError(f"an example has no reasoning: {example}")
        lines.append(f"Reasoning: {example['reasoning']}")
    lines.append(f"Output: {example['output']}")
    return "\n".join(lines)


def refuse_roles(roles: list[str], add_generation_prompt: bool) -> None:
    """Raise unless user and assistant take turns, after one system message at most."""
    if not roles:
        raise ValueError("messages is empty")
    spoken = roles[1:] if roles[0] == "system" else roles
    for place, role in enumerate(spoken):
        expected = ("user", "assistant")[place % 2]
        if role != expected:
            raise ValueError(f"messages has the role {role!r} where {expected!r} has its turn")
    if add_generation_prompt and roles[-1] != "user":
        raise ValueError(f"add_generation_prompt after a message of the role {roles[-1]!r}")


def without_markers(content: str) -> str:
    """Remove role markers until none is left: what closes up may be another one."""
    while MESSAGE_START in content or MESSAGE_END in content:
        content = content.replace(MESSAGE_START, "").replace(MESSAGE_END, "")
    return content
