"""The wrong turns of prompt templates."""

import re

from autograder.suite import misconception
from solutions.prompt_templates.prompt_templates import (
    MESSAGE_END,
    MESSAGE_START,
    PLACEHOLDER,
    fill_template,
    refuse_roles,
    render_prompt,
    without_markers,
)

# ── fence ─────────────────────────────────────────────────────────────────────────────────────


def fenced(text, ticks):
    """Put a text between lines of so many backticks."""
    return f"{'`' * ticks}\n{text}\n{'`' * ticks}"


def runs(text):
    """Return the lengths of all runs of backticks."""
    return [len(run) for run in re.findall("`+", text)]


@misconception(
    replaces="fence",
    says="the fence is always three backticks, so text with a code block closes it early",
    hint="Fence a text that has a fenced block in it. Where does a reader see the end?",
)
def fixed_fence(text):
    return fenced(text, 3)


@misconception(
    replaces="fence",
    says="the fence is as long as the longest run of backticks in the text, so that run closes it",
    hint="A closing fence has at least as many backticks as the opening one. How many are safe?",
)
def fence_as_long_as_the_text_has(text):
    return fenced(text, max(3, *runs(text), 0))


@misconception(
    replaces="fence",
    says="all backticks of the text are counted, not the longest run of them",
    hint="How long a fence does 'a `b` `c` `d`' need?",
)
def all_backticks_counted(text):
    return fenced(text, max(3, 1 + text.count("`")))


@misconception(
    replaces="fence",
    says="white space at the ends of the text is stripped",
    hint="Fence '  indented'. Is it still indented?",
)
def fenced_text_stripped(text):
    return fenced(text.strip(), max(3, 1 + max(runs(text), default=0)))


# ── fill_template ─────────────────────────────────────────────────────────────────────────────


def placeholder_of(name):
    """Return the pattern of one placeholder."""
    return re.compile(r"\{\{[ \t]*" + re.escape(name) + r"[ \t]*\}\}")


@misconception(
    replaces="fill_template",
    says="placeholders inside a value are filled in too, since the names are replaced one after "
    "another, in the order of `values`",
    hint="A user's name is '{{rules}}'. Follow it through your loop.",
)
def expands_values(template, values):
    fill_template(template, values)  # raises what has to be raised
    for name, value in values.items():
        template = placeholder_of(name).sub(lambda _, value=value: value, template)
    return template


@misconception(
    replaces="fill_template",
    says="backslashes in a value are read as escapes of the regular expression",
    hint=r"What does re.sub make of a replacement that holds \n or \1?",
)
def backslashes_interpreted(template, values):
    fill_template(template, values)
    return PLACEHOLDER.sub(lambda match: match.expand(values[match[1]]), template)


@misconception(
    replaces="fill_template",
    says="a placeholder without a value is left in the prompt",
    hint="A name is misspelled in the template. Who finds out, and when?",
)
def missing_left_in(template, values):
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)


@misconception(
    replaces="fill_template",
    says="a placeholder without a value silently becomes nothing",
    hint="A name is misspelled in the template. Who finds out, and when?",
)
def missing_becomes_empty(template, values):
    return PLACEHOLDER.sub(lambda match: values.get(match[1], ""), template)


@misconception(
    replaces="fill_template",
    says="only placeholders without white space are found",
    hint="What does your code make of '{{ name }}'?",
)
def no_space_allowed(template, values):
    fill_template(template, values)
    return re.sub(r"\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}", lambda match: values[match[1]], template)


# ── render_prompt ─────────────────────────────────────────────────────────────────────────────


def lines_of(example, *keys):
    """Write the parts of an example in the given order."""
    return "\n".join(f"{key.capitalize()}: {example[key]}" for key in keys)


def right_block(example, chain_of_thought):
    """Write an example as it should be."""
    return lines_of(example, "input", *(["reasoning"] if chain_of_thought else []), "output")


def right_cue(examples, chain_of_thought):
    """Return what the model should go on from."""
    if not chain_of_thought:
        return "Output:"
    return "Reasoning:" if examples else "Output: Let's think step by step."


def built(
    task,
    query,
    role="",
    instructions=None,
    output_format="",
    examples=None,
    chain_of_thought=False,
    *,
    block=right_block,
    joint="\n\n",
    cue=right_cue,
):
    """Right but for the blocks of examples, what is between them, and the cue."""
    # Raises what has to be raised.
    render_prompt(task, query, role, instructions, output_format, examples, chain_of_thought)
    parts = [render_prompt(task, query, role, instructions, output_format)]
    parts[0] = parts[0].removesuffix(f"\n\nInput: {query}\nOutput:")
    if examples:
        parts.append(joint.join(block(example, chain_of_thought) for example in examples))
    parts.append(f"Input: {query}\n{cue(examples, chain_of_thought)}")
    return "\n\n".join(parts)


OUTPUT_FIRST = {
    "id": "output_before_reasoning",
    "replaces": "render_prompt",
    "says": "examples give the output before the reasoning, so the model answers before it thinks",
    "hint": "The model writes from left to right. What has it written when it comes to its "
    "reasoning?",
}


def output_first(example, chain_of_thought):
    """Write an example whose reasoning comes last."""
    return lines_of(example, "input", "output", *(["reasoning"] if chain_of_thought else []))


@misconception(**OUTPUT_FIRST)
def output_before_reasoning(task, query, *blocks, **named):
    return built(task, query, *blocks, **named, block=output_first)


@misconception(**OUTPUT_FIRST)
def output_before_reasoning_in_the_query_too(task, query, *blocks, **named):
    def cue(examples, chain_of_thought):
        return "Output:" if examples else right_cue(examples, chain_of_thought)

    return built(task, query, *blocks, **named, block=output_first, cue=cue)


@misconception(
    replaces="render_prompt",
    says="the reasoning is shown although chain_of_thought is off",
    hint="What will the model do after examples that reason, when its cue is 'Output:'?",
)
def reasoning_always_shown(task, query, *blocks, **named):
    def block(example, chain_of_thought):
        return right_block(example, bool(example.get("reasoning")))

    return built(task, query, *blocks, **named, block=block)


@misconception(
    replaces="render_prompt",
    says="the prompt ends in a space, which tokenises badly",
    hint="Most tokens of words begin with their space. Which tokens are left after a space?",
)
def trailing_space(task, query, *blocks, **named):
    return render_prompt(task, query, *blocks, **named) + " "


@misconception(
    replaces="render_prompt",
    says="with examples that reason the cue is still 'Output:', so the model skips its reasoning",
    hint="The examples go Input, Reasoning, Output. Which of these comes after the query?",
)
def answer_cue_after_reasoning(task, query, *blocks, **named):
    def cue(examples, chain_of_thought):
        return "Output:" if examples else right_cue(examples, chain_of_thought)

    return built(task, query, *blocks, **named, cue=cue)


@misconception(
    replaces="render_prompt",
    says="the model is invited to think step by step although examples show it how to reason",
    hint="Does the query's block begin as the blocks of the examples do?",
)
def step_by_step_after_examples(task, query, *blocks, **named):
    def cue(examples, chain_of_thought):
        return right_cue([], chain_of_thought)

    return built(task, query, *blocks, **named, cue=cue)


@misconception(
    replaces="render_prompt",
    says="without examples chain_of_thought changes nothing: the cue is 'Output:'",
    hint="Which of the arguments does your prompt not depend on when there are no examples?",
)
def no_zero_shot_reasoning(task, query, *blocks, **named):
    def cue(examples, chain_of_thought):
        return right_cue(examples, chain_of_thought) if examples else "Output:"

    return built(task, query, *blocks, **named, cue=cue)


@misconception(
    replaces="render_prompt",
    says="no blank line stands between two examples",
    hint="How does the model tell where one example ends and the next begins?",
)
def examples_run_together(task, query, *blocks, **named):
    return built(task, query, *blocks, **named, joint="\n")


# ── render_chat ───────────────────────────────────────────────────────────────────────────────


def written(messages, add_generation_prompt, clean=without_markers, end=f"{MESSAGE_END}\n"):
    """Write a chat with another way to clean contents, or another end of a message."""
    refuse_roles([message["role"] for message in messages], add_generation_prompt)
    text = "".join(
        f"{MESSAGE_START}{message['role']}\n{clean(message['content'])}{end}"
        for message in messages
    )
    return text + (f"{MESSAGE_START}assistant\n" if add_generation_prompt else "")


@misconception(
    replaces="render_chat",
    says="role markers inside a content stay, so a user can open a system turn",
    hint="Write '<|im_end|>\\n<|im_start|>system' into a message. How many turns are there now?",
)
def markers_kept(messages, add_generation_prompt=False):
    return written(messages, add_generation_prompt, clean=lambda content: content)


@misconception(
    replaces="render_chat",
    says="the two role markers are removed once each, first `<|im_start|>` and then `<|im_end|>`, "
    "though removing one can make another",
    hint="Write a marker into the middle of a marker. What is left when the inner one is gone?",
)
def markers_removed_once(messages, add_generation_prompt=False):
    return written(
        messages,
        add_generation_prompt,
        clean=lambda content: content.replace(MESSAGE_START, "").replace(MESSAGE_END, ""),
    )


@misconception(
    replaces="render_chat",
    says="all `<|im_start|>` are removed first and all `<|im_end|>` then, though removing the "
    "second kind can make the first anew",
    hint="Write '<|im_end|>' into the middle of '<|im_start|>'. Which of your loops comes first?",
)
def markers_removed_in_turn(messages, add_generation_prompt=False):
    def clean(content):
        for marker in (MESSAGE_START, MESSAGE_END):
            while marker in content:
                content = content.replace(marker, "")
        return content

    return written(messages, add_generation_prompt, clean=clean)


@misconception(
    replaces="render_chat",
    says="only the user's messages are cleaned",
    hint="A tool's result or a web page may be quoted by the assistant. Who wrote that?",
)
def only_users_cleaned(messages, add_generation_prompt=False):
    refuse_roles([message["role"] for message in messages], add_generation_prompt)
    text = ""
    for message in messages:
        content = message["content"]
        content = without_markers(content) if message["role"] == "user" else content
        text += f"{MESSAGE_START}{message['role']}\n{content}{MESSAGE_END}\n"
    return text + (f"{MESSAGE_START}assistant\n" if add_generation_prompt else "")


@misconception(
    replaces="render_chat",
    says="no line break follows the marker that ends a message",
    hint="Compare your text with the template, character by character.",
)
def no_line_break_after_a_message(messages, add_generation_prompt=False):
    return written(messages, add_generation_prompt, end=MESSAGE_END)


@misconception(
    replaces="render_chat",
    says="the contents are stripped of their white space",
    hint="What does a message of code look like when its first line has lost its indentation?",
)
def contents_stripped(messages, add_generation_prompt=False):
    return written(
        messages, add_generation_prompt, clean=lambda content: without_markers(content).strip()
    )
