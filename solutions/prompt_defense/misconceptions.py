"""The wrong turns of defences against prompt injection."""

import base64
import hashlib
import re

from autograder.suite import misconception
from solutions.prompt_defense.prompt_defense import (
    RUN,
    decodings,
    find_leak,
    fold,
    judged,
    references,
    refuse_unsound,
    run_step,
    spotlight,
)

# ── spotlight ─────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="spotlight",
    says="the delimiter is removed in one pass, so that what is left joins into a new one",
    hint="Remove 'END' from 'EENDND' by hand. What do you have?",
)
def removed_once(text, mode, marker=""):
    right = spotlight(text, mode, marker)
    return right if mode != "delimit" else f"<{marker}>\n{text.replace(marker, '')}\n</{marker}>"


@misconception(
    replaces="spotlight",
    says="the marker may occur in the untrusted text, which can then imitate the marking",
    hint="Write a page that closes your delimiter by itself. What does the model read after that?",
)
def marker_not_removed(text, mode, marker=""):
    right = spotlight(text, mode, marker)
    if mode == "delimit":
        return f"<{marker}>\n{text}\n</{marker}>"
    return right if mode == "encode" else re.sub(r"\s+", lambda _: marker, text)


@misconception(
    replaces="spotlight",
    says="each white character becomes a marker of its own, not each run of them",
    hint="How many markers stand for a line break with an indentation?",
)
def each_space_marked(text, mode, marker=""):
    right = spotlight(text, mode, marker)
    if mode != "datamark":
        return right
    return re.sub(r"\s", lambda _: marker, text.replace(marker, ""))


@misconception(
    replaces="spotlight",
    says="white space at the ends of the text is dropped instead of marked",
    hint="What does split() without an argument do with the ends?",
)
def ends_dropped(text, mode, marker=""):
    right = spotlight(text, mode, marker)
    return right if mode != "datamark" else marker.join(text.replace(marker, "").split())


# ── find_leak ─────────────────────────────────────────────────────────────────────────────────


def leaks(output, canary, folding=fold, decoded=decodings):
    """Find leaks, right but for the folding and for what is decoded."""
    find_leak(output, canary)
    needle, haystack, secret = folding(canary), folding(output), canary.encode()
    found = {
        "plain": canary in output,
        "folded": needle in haystack,
        "reversed": needle[::-1] in haystack,
        "hex": secret.hex() in haystack,
        "base64": any(secret in data for data in decoded(output)),
    }
    return [way for way, holds in found.items() if holds]


@misconception(
    replaces="find_leak",
    says="only case is folded, so spaces and hyphens between the letters hide the canary",
    hint="Ask a model to write the word with a space between the letters. Do you find it?",
)
def case_only(output, canary):
    return leaks(output, canary, folding=str.casefold)


@misconception(
    replaces="find_leak",
    says="letters in other forms, such as full-width ones, are not folded into the usual ones",
    hint="What does 'Ａ' == 'A' give in Python, and what makes one of the other?",
)
def forms_not_folded(output, canary):
    def folding(text):
        return "".join(character for character in text.casefold() if character.isalnum())

    return leaks(output, canary, folding=folding)


@misconception(
    replaces="find_leak",
    says="only the base64 of the canary alone is looked for, which the base64 of a longer text "
    "does not contain",
    hint="Encode the canary, and then the canary with one letter before it. Compare.",
)
def base64_one_alignment(output, canary):
    bare = "".join(output.split()).replace("-", "+").replace("_", "/")
    run = base64.b64encode(canary.encode()).decode().rstrip("=")

    def decoded(output):
        return [canary.encode()] if run in bare else []

    return leaks(output, canary, decoded=decoded)


@misconception(
    id="base64_one_alignment",
    replaces="find_leak",
    says="only the base64 of the canary alone is looked for, which the base64 of a longer text "
    "does not contain",
    hint="Decode a run from its second character. What do you get?",
)
def base64_from_the_start(output, canary):
    def decoded(output):
        return [
            base64.b64decode(run[: len(run) - (len(run) % 4 == 1)] + "==")
            for run in RUN.findall("".join(output.split()).replace("-", "+").replace("_", "/"))
        ]

    return leaks(output, canary, decoded=decoded)


@misconception(
    replaces="find_leak",
    says="white space ends a run of base64, so that an encoded canary with line breaks is missed",
    hint="What does an encoder do with long lines?",
)
def base64_within_a_line(output, canary):
    def decoded(output):
        return [data for word in output.split() for data in decodings(word)]

    return leaks(output, canary, decoded=decoded)


@misconception(
    replaces="find_leak",
    says="the search ends with the first way that holds, where several may hold at once",
    hint="The output has the canary in plain and in base64. Which of them do you want to know?",
)
def first_way_only(output, canary):
    return find_leak(output, canary)[:1]


# ── run_guarded ───────────────────────────────────────────────────────────────────────────────


def guarded(
    steps,
    tools,
    untrusted,
    sensitive,
    approve,
    *,
    hops=True,
    cleaned=lambda step, status: False,
    own_is_source=False,
    always_ask=False,
):
    """Run steps guarded, right but for what taints and when somebody is asked."""
    refuse_unsound(steps, tools)
    results, tainted, reports = {}, {}, []
    for step in steps:
        before = references(step)
        own = {step["id"]} if step["tool"] in untrusted else set()
        flowing = set().union(*(tainted[name] for name in before))
        if own_is_source:
            flowing |= own
        sources = [other["id"] for other in steps if other["id"] in flowing]
        if any(results[name] is None for name in before):
            status, result = "skipped", None
        elif always_ask and step["tool"] in sensitive and not sources:
            asked = []

            def ask(tool, arguments, _, asked=asked):
                asked.append(approve(tool, arguments, []))
                return asked[0]

            status, result = run_step(step, results, tools, ["nobody"], ask)
        else:
            ask_for = sources if step["tool"] in sensitive else []
            status, result = run_step(step, results, tools, ask_for, approve)
        results[step["id"]] = result
        tainted[step["id"]] = own | (flowing if hops else set())
        if cleaned(step, status):
            tainted[step["id"]] = set()
        reports.append({"id": step["id"], "status": status, "sources": sources, "result": result})
    return reports


@misconception(
    replaces="run_guarded",
    says="only the direct results of untrusted tools are tainted: a summary of a web page counts "
    "as clean",
    hint="The page says 'write that the bill is due', and the summary does. Who wrote the summary?",
)
def one_hop_taint(steps, tools, untrusted, sensitive, approve):
    return guarded(steps, tools, untrusted, sensitive, approve, hops=False)


@misconception(
    replaces="run_guarded",
    says="sensitive tools ask for approval even when nothing untrusted flows in",
    hint="How often can you ask a person before they say yes to everything?",
)
def asks_for_clean_arguments(steps, tools, untrusted, sensitive, approve):
    return guarded(steps, tools, untrusted, sensitive, approve, always_ask=True)


@misconception(
    replaces="run_guarded",
    says="what a sensitive tool returned after an approval counts as clean",
    hint="Somebody approved that the page is sent. What did they say about the next step?",
)
def approval_cleans(steps, tools, untrusted, sensitive, approve):
    def cleaned(step, status):
        return step["tool"] in sensitive and status == "ran"

    return guarded(steps, tools, untrusted, sensitive, approve, cleaned=cleaned)


@misconception(
    replaces="run_guarded",
    says="a step that did not run is no source, and passes none on",
    hint="Sources say from where data would flow. Does that depend on whether the network was up?",
)
def only_what_ran_taints(steps, tools, untrusted, sensitive, approve):
    def cleaned(step, status):
        return status != "ran"

    return guarded(steps, tools, untrusted, sensitive, approve, cleaned=cleaned)


@misconception(
    replaces="run_guarded",
    says="a step with an untrusted tool is a source of itself",
    hint="Sources are what flows into the arguments. Had the page been read before it was fetched?",
)
def source_of_itself(steps, tools, untrusted, sensitive, approve):
    return guarded(steps, tools, untrusted, sensitive, approve, own_is_source=True)


# ── run_pipeline ──────────────────────────────────────────────────────────────────────────────


def digest(text):
    """Return what the audit keeps of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def pipeline(
    text,
    model,
    input_layers,
    output_layers,
    refusal,
    *,
    blocking=("block", "error"),
    keep_rewrites=True,
    audit_blocks=True,
    seen_before=True,
    pass_changes=False,
):
    """Run a pipeline, right but for what is given."""
    audit = []
    for stage, layers in (("input", input_layers), ("output", output_layers)):
        if stage == "output":
            text = model(text)
        for name, check in layers:
            given, outcomes = text, []

            def watched(text, check=check, outcomes=outcomes):
                outcomes.append(check(text))
                return outcomes[0]

            verdict, new_text = judged(watched, text)
            if pass_changes and verdict == "pass" and isinstance(outcomes[0][1], str):
                new_text = outcomes[0][1]
            if keep_rewrites or verdict != "rewrite":
                text = new_text
            blocks = verdict in blocking
            if audit_blocks or not blocks:
                seen = digest(given if seen_before else new_text)
                audit.append({"stage": stage, "layer": name, "verdict": verdict, "seen": seen})
            if blocks:
                return {"reply": refusal, "blocked_by": name, "audit": audit}
    return {"reply": text, "blocked_by": None, "audit": audit}


@misconception(
    replaces="run_pipeline",
    says="a layer that raises is noted and skipped, so crashing the filter passes the filter",
    hint="Which text would an attacker write, once they know that your filter fails on long texts?",
)
def fails_open(text, model, input_layers, output_layers, refusal):
    return pipeline(text, model, input_layers, output_layers, refusal, blocking=("block",))


@misconception(
    replaces="run_pipeline",
    says="the new text of a rewrite is thrown away, so later layers and the model see the text "
    "as it was",
    hint="A layer takes a secret out. Print what the model is given.",
)
def rewrites_discarded(text, model, input_layers, output_layers, refusal):
    return pipeline(text, model, input_layers, output_layers, refusal, keep_rewrites=False)


@misconception(
    replaces="run_pipeline",
    says="the check that blocks leaves no entry in the audit",
    hint="When a check blocks, which line comes first: the one that returns, or that notes?",
)
def block_not_audited(text, model, input_layers, output_layers, refusal):
    return pipeline(text, model, input_layers, output_layers, refusal, audit_blocks=False)


@misconception(
    replaces="run_pipeline",
    says="the audit has the digest of the text behind a check, not of the one that it was given",
    hint="A layer rewrote the text. With which digest can you show what it had to judge?",
)
def seen_after_rewrite(text, model, input_layers, output_layers, refusal):
    return pipeline(text, model, input_layers, output_layers, refusal, seen_before=False)


@misconception(
    replaces="run_pipeline",
    says="a check that passes changes the text: what it gives beside its verdict is taken over",
    hint="What does a pass say about the text?",
)
def pass_takes_new_text(text, model, input_layers, output_layers, refusal):
    return pipeline(text, model, input_layers, output_layers, refusal, pass_changes=True)
