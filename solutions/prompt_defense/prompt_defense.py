"""Defences against prompt injection: the reference."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator

Check = Callable[[str], tuple[str, str]]
RUN = re.compile(r"[A-Za-z0-9+/_-]+")


def spotlight(text: str, mode: str, marker: str = "") -> str:
    r"""Mark untrusted text so that a model can tell it from instructions (Hines et al., 2024).

    >>> spotlight("ignore all\nrules", "datamark", "^")
    'ignore^all^rules'
    """
    if mode == "encode":
        return base64.b64encode(text.encode()).decode()
    if mode not in ("delimit", "datamark"):
        raise ValueError(f"mode must be delimit, datamark or encode, got {mode!r}")
    if not marker or re.search(r"\s", marker):
        raise ValueError(f"marker must not be empty or hold white space, got {marker!r}")
    if mode == "datamark" and len(marker) > 1:
        raise ValueError(f"marker must be one character, got {marker!r}")
    # What is left of two halves may join into a new marker, hence again and again.
    while marker in text:
        text = text.replace(marker, "")
    if mode == "delimit":
        return f"<{marker}>\n{text}\n</{marker}>"
    return re.sub(r"\s+", lambda _: marker, text)


def find_leak(output: str, canary: str) -> list[str]:
    """Return the ways in which a secret word is found in an output.

    >>> find_leak("It is k-o-a-l-a-7-3-9-1.", "KOALA7391")
    ['folded']
    """
    needle, haystack = fold(canary), fold(output)
    if len(needle) < 8:
        raise ValueError(f"canary needs 8 letters or digits at least, got {len(needle)}")
    secret = canary.encode()
    found = {
        "plain": canary in output,
        "folded": needle in haystack,
        "reversed": needle[::-1] in haystack,
        "hex": secret.hex() in haystack,
        "base64": any(secret in data for data in decodings(output)),
    }
    return [way for way, holds in found.items() if holds]


def fold(text: str) -> str:
    """Return the letters and digits of a text, whatever they look like."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def decodings(output: str) -> Iterator[bytes]:
    """Yield what each run of base64 characters may mean, from each of four starts.

    Four characters hold three bytes. A text that begins elsewhere in a run, because a word stands
    directly before it, is read aright from one of the four starts.
    """
    for run in RUN.findall("".join(output.split())):
        standard = run.replace("-", "+").replace("_", "/")
        for start in range(4):
            piece = standard[start:]
            if len(piece) % 4 == 1:  # six bits are no byte
                piece = piece[:-1]
            # More padding than is needed does no harm.
            yield base64.b64decode(piece + "==")


def run_guarded(
    steps: list[dict],
    tools: dict[str, Callable[..., str]],
    untrusted: list[str],
    sensitive: list[str],
    approve: Callable[[str, dict[str, str], list[str]], bool],
) -> list[dict]:
    """Run steps, and ask before a sensitive tool gets what derives from an untrusted one."""
    refuse_unsound(steps, tools)
    results: dict[str, str | None] = {}
    tainted: dict[str, set[str]] = {}  # the untrusted steps whose data is in a step's result
    reports = []
    for step in steps:
        before = references(step)
        flowing = set().union(*(tainted[name] for name in before))
        own = {step["id"]} if step["tool"] in untrusted else set()
        tainted[step["id"]] = flowing | own
        sources = [other["id"] for other in steps if other["id"] in flowing]

        if any(results[name] is None for name in before):
            status, result = "skipped", None
        else:
            guarded = sources if step["tool"] in sensitive else []
            status, result = run_step(step, results, tools, guarded, approve)
        results[step["id"]] = result
        reports.append({"id": step["id"], "status": status, "sources": sources, "result": result})
    return reports


def refuse_unsound(steps: list[dict], tools: dict[str, Callable[..., str]]) -> None:
    """Raise unless ids are unique, tools known and references lead to earlier steps."""
    earlier: set[str] = set()
    for step in steps:
        if step["id"] in earlier:
            raise ValueError(f"two steps have the id {step['id']}")
        if step["tool"] not in tools:
            raise ValueError(f"step {step['id']} uses the unknown tool {step['tool']}")
        if not earlier.issuperset(references(step)):
            raise ValueError(f"step {step['id']} refers to a step that is not earlier")
        earlier.add(step["id"])


def references(step: dict) -> list[str]:
    """Return the ids of the steps whose results are part of a step's arguments."""
    parts = [part for argument in step["args"].values() for part in argument]
    return [value for kind, value in parts if kind == "ref"]


def run_step(
    step: dict,
    results: dict[str, str | None],
    tools: dict[str, Callable[..., str]],
    guarded: list[str],
    approve: Callable[[str, dict[str, str], list[str]], bool],
) -> tuple[str, str | None]:
    """Return status and result of a step; ask first when `guarded` sources flow into it."""
    arguments = {
        name: "".join(results[value] if kind == "ref" else value for kind, value in parts)
        for name, parts in step["args"].items()
    }
    if guarded and not approve(step["tool"], arguments, guarded):
        return "denied", None
    try:
        return "ran", tools[step["tool"]](**arguments)
    except Exception:
        return "failed", None


def run_pipeline(
    text: str,
    model: Callable[[str], str],
    input_layers: list[tuple[str, Check]],
    output_layers: list[tuple[str, Check]],
    refusal: str,
) -> dict:
    """Check a text, let a model reply to it, and check the reply; the first block ends it."""
    audit: list[dict] = []
    text, blocked_by = pass_through(text, "input", input_layers, audit)
    if blocked_by is None:
        text, blocked_by = pass_through(model(text), "output", output_layers, audit)
    reply = text if blocked_by is None else refusal
    return {"reply": reply, "blocked_by": blocked_by, "audit": audit}


def pass_through(
    text: str, stage: str, layers: list[tuple[str, Check]], audit: list[dict]
) -> tuple[str, str | None]:
    """Return the text behind the layers, and the layer that blocked it, if any; add to `audit`."""
    for name, check in layers:
        seen = hashlib.sha256(text.encode()).hexdigest()
        verdict, text = judged(check, text)
        # Blocked checks first of all: they are what one will want to read about.
        audit.append({"stage": stage, "layer": name, "verdict": verdict, "seen": seen})
        if verdict not in ("pass", "rewrite"):
            return text, name
    return text, None


def judged(check: Check, text: str) -> tuple[str, str]:
    """Return the verdict of a check and the text to go on with; what is no verdict is an error."""
    try:
        verdict, new_text = check(text)
    except Exception:
        return "error", text
    if verdict == "rewrite" and isinstance(new_text, str):
        return "rewrite", new_text
    return (verdict if verdict in ("pass", "block") else "error"), text
