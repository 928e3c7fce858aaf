"""Defences against prompt injection. The question is in README.md."""

from collections.abc import Callable


def spotlight(text: str, mode: str, marker: str = "") -> str:
    """Mark untrusted text so that a model can tell it from instructions (Hines et al., 2024).

    `mode` is "delimit", "datamark" or "encode"; the last ignores the marker.

    Raises:
        ValueError: if the mode is another one; with the first two, if the marker is empty or holds
            white space; with "datamark", if it is more than one character.
    """
    raise NotImplementedError


def find_leak(output: str, canary: str) -> list[str]:
    """Return the ways in which a secret word is found in an output.

    Returns:
        those of "plain", "folded", "reversed", "hex" and "base64" that hold, in this order.

    Raises:
        ValueError: if the folded canary has fewer than 8 characters.
    """
    raise NotImplementedError


def run_guarded(
    steps: list[dict],
    tools: dict[str, Callable[..., str]],
    untrusted: list[str],
    sensitive: list[str],
    approve: Callable[[str, dict[str, str], list[str]], bool],
) -> list[dict]:
    """Run steps, and ask before a sensitive tool gets what derives from an untrusted one.

    A step is {"id", "tool", "args": {name: parts}}; parts are ("text", text) and ("ref", id of an
    earlier step), and the argument is their concatenation, references standing for results.
    `approve` gets the tool, its arguments and the sources. What a tool raises is not raised.

    Returns:
        for each step {"id", "status": "ran" | "failed" | "denied" | "skipped", "sources": list of
        ids, "result": text, or None unless it ran}.

    Raises:
        ValueError: before anything is run, if an id occurs twice, a tool is not in `tools`, or a
            reference leads to a step that is not earlier.
    """
    raise NotImplementedError


def run_pipeline(
    text: str,
    model: Callable[[str], str],
    input_layers: list[tuple[str, Callable[[str], tuple[str, str]]]],
    output_layers: list[tuple[str, Callable[[str], tuple[str, str]]]],
    refusal: str,
) -> dict:
    """Check a text, let a model reply to it, and check the reply; the first block ends it.

    A layer is (name, check), and check(text) gives (verdict, new text). What a check raises is not
    raised; what the model raises is not caught.

    Returns:
        {"reply", "blocked_by": a layer's name or None, "audit": for each check made {"stage":
        "input" | "output", "layer": name, "verdict": "pass" | "rewrite" | "block" | "error",
        "seen": SHA-256 of the UTF-8 text that the check was given, as hex digits}}.
    """
    raise NotImplementedError
