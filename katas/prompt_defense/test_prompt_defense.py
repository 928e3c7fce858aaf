"""Examples that can be worked out by hand; the hidden suite asks for more."""

import hashlib

from autograder.checks import assert_equal


def test_a_marker_that_joins_again_is_removed_again(submission):
    assert_equal(submission.spotlight("EENDND of it", "delimit", "END"), "<END>\n of it\n</END>")


def test_white_space_becomes_the_marker(submission):
    assert_equal(submission.spotlight("ignore all\n rules", "datamark", "^"), "ignore^all^rules")


def test_a_canary_is_found_in_other_spelling(submission):
    assert_equal(submission.find_leak("It is KOALA7391.", "KOALA7391"), ["plain", "folded"])
    assert_equal(submission.find_leak("It is k-o-a-l-a 7391.", "KOALA7391"), ["folded"])


def test_the_worked_example(submission):
    steps = [
        {"id": "page", "tool": "fetch", "args": {"url": [("text", "example.org")]}},
        {"id": "note", "tool": "summarize", "args": {"text": [("ref", "page")]}},
        {"id": "mail", "tool": "send", "args": {"to": [("text", "me")], "text": [("ref", "note")]}},
    ]
    tools = {
        "fetch": lambda url: f"the page of {url}",
        "summarize": lambda text: f"in short: {text}",
        "send": lambda to, text: "sent",
    }
    asked = []

    def approve(tool, arguments, sources):
        asked.append((tool, arguments, sources))
        return False

    found = submission.run_guarded(steps, tools, ["fetch"], ["send"], approve)
    page, note = "the page of example.org", "in short: the page of example.org"
    assert_equal(asked, [("send", {"to": "me", "text": note}, ["page"])])
    assert_equal(
        found,
        [
            {"id": "page", "status": "ran", "sources": [], "result": page},
            {"id": "note", "status": "ran", "sources": ["page"], "result": note},
            {"id": "mail", "status": "denied", "sources": ["page"], "result": None},
        ],
    )


def test_a_blocked_check_is_in_the_audit(submission):
    def no_secrets(text):
        return ("block", "") if "secret" in text else ("pass", text)

    result = submission.run_pipeline(
        "Hi!", lambda text: "the secret", [], [("no secrets", no_secrets)], refusal="No."
    )
    seen = hashlib.sha256(b"the secret").hexdigest()
    entry = {"stage": "output", "layer": "no secrets", "verdict": "block", "seen": seen}
    assert_equal(result, {"reply": "No.", "blocked_by": "no secrets", "audit": [entry]})
