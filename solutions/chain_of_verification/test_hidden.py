"""The hidden suite of chain of verification."""

import pytest

from autograder.checks import assert_equal
from autograder.suite import hint, points
from solutions.chain_of_verification.chain_of_verification import (
    chain_of_verification,
    revise,
    verify_claims,
)

TEMPLATES = {
    "draft": "Answer in full.\n{question}",
    "plan": "List claims.\nQuestion: {question}\nDraft: {draft}",
    "answer": "{question}",
    "check": "Claim: {claim}\nQuestion: {question}\nAnswer: {answer}\nVerdict:",
    "revise": "Rewrite: {claim}\nEvidence:\n{evidence}",
}


class Model:
    """A scripted model: it has a reply to each prompt that it knows, and the same to all others."""

    __name__ = "model"

    def __init__(self, replies):
        self.replies = replies
        self.prompts = []

    def __call__(self, prompt):
        """Note the prompt, and reply."""
        self.prompts.append(prompt)
        return self.replies.get(prompt, "I do not know.")


def checking(*script):
    """Return the replies to (claim, question, answer, verdict)."""
    replies = {}
    for claim, question, answer, verdict in script:
        replies[question] = answer
        check = TEMPLATES["check"].format(claim=claim, question=question, answer=answer.strip())
        replies[check] = verdict
    return replies


def entry(claim, verdict, *checks):
    """Return a checked claim."""
    names = "question", "answer", "verdict"
    checks = [dict(zip(names, check, strict=True)) for check in checks]
    return {"claim": claim, "verdict": verdict, "checks": checks}


def rewriting(claim, *evidence):
    """Return the prompt that asks for a correction."""
    return f"Rewrite: {claim}\nEvidence:\n" + "\n".join(evidence)


# ── parse_plan ────────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("Which claim is open when a question comes, and what do other lines matter?")
def test_questions_belong_to_the_claim_above_them(submission):
    text = (
        "Here is the plan.\nClaim: It rains.\nQuestion: Does it rain?\nQuestion: Where?\n\n"
        "Some remark: none\nClaim: It is cold.\nQuestion: How cold is it: 3 or 4?"
    )
    expected = [
        ("It rains.", ["Does it rain?", "Where?"]),
        ("It is cold.", ["How cold is it: 3 or 4?"]),
    ]
    assert_equal(submission.parse_plan(text, "It is cold. It rains."), expected)


@points(0.5)
@hint("How does a model write a list? Which of its marks may stand before the word?")
def test_list_markers_are_skipped(submission):
    text = (
        "Claim: It rains.\n- Question: q1\n* Question: q2\n3. Question: q3\n12) Question: q4\n"
        "Question: q5\n  - Question: q6"
    )
    expected = [("It rains.", ["q1", "q2", "q3", "q4", "q5", "q6"])]
    assert_equal(submission.parse_plan(text, "It rains."), expected)


@points(0.25)
@hint("Go through the pattern from left to right. What may be there, what must be?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("CLAIM : A b\t\n  qUESTION:x ", [("A b", ["x"])], id="case and space"),
        pytest.param("-claim:A b\n1)question:  x  y", [("A b", ["x  y"])], id="no space"),
        pytest.param("Claim: A b\r\nQuestion: x\rQuestion: y", [("A b", ["x", "y"])], id="lines"),
        pytest.param("\u2028 Claim:\tA b\x0b7.\tQuestion: x", [("A b", ["x"])], id="other lines"),
        pytest.param("Claim: A b\nClaim: A\nb", [("A b", [])], id="a claim ends with its line"),
        pytest.param(
            "Claim: A b\nMy question: x\nQuestions: x\n• Question: x\na) Question: x\n1 Question: x"
            "\n-- Question: x\nQuestion x\n1.- Question: x",
            [("A b", [])],
            id="no match",
        ),
    ],
)
def test_lines_are_what_the_pattern_matches(submission, text, expected):
    assert_equal(submission.parse_plan(text, "A b"), expected)


@points(0.5)
@hint("What could be replaced in the draft when a claim is not in it? And whose is its question?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Claim: It snows.\nQuestion: q1", [], id="alone"),
        pytest.param(
            "Claim: It snows.\nQuestion: q1\nClaim: It rains.\nQuestion: q2",
            [("It rains.", ["q2"])],
            id="first",
        ),
        pytest.param(
            "Claim: It rains.\nQuestion: q1\nClaim: It snows.\nQuestion: q2\nQuestion: q3",
            [("It rains.", ["q1"])],
            id="after another",
        ),
        pytest.param(
            "Claim: It rains.\nQuestion: q1\nClaim:\nQuestion: q2\nClaim: \nQuestion: q3",
            [("It rains.", ["q1"])],
            id="empty",
        ),
        pytest.param("Claim: it rains.\nQuestion: q1\nClaim: It  rains.", [], id="not verbatim"),
    ],
)
def test_invented_claims_go_with_their_questions(submission, text, expected):
    assert_equal(submission.parse_plan(text, "As it was yesterday: It rains."), expected)


@points(0.5)
@hint("Two claims share a word of the draft. Can both of them be replaced?")
@pytest.mark.parametrize(
    ("claims", "kept"),
    [
        pytest.param(["abc", "cde"], ["abc"], id="the end"),
        pytest.param(["cde", "abc"], ["cde"], id="the beginning"),
        pytest.param(["bcde", "cd"], ["bcde"], id="within"),
        pytest.param(["cd", "bcde"], ["cd"], id="around"),
        pytest.param(["abc", "ab"], ["abc"], id="the same start"),
        pytest.param(["ab", "abc"], ["ab"], id="the same start, longer"),
        pytest.param(["abc", "def", "gab"], ["abc", "def", "gab"], id="side by side"),
        pytest.param(["def", "abc"], ["def", "abc"], id="side by side, backwards"),
        pytest.param(["abc", "cde", "def"], ["abc", "def"], id="with one that was dropped"),
        pytest.param(["defg", "abc", "cd"], ["defg", "abc"], id="with the second"),
        pytest.param(["bcd", "ab"], ["bcd"], id="only the first occurrence counts"),
    ],
)
def test_claims_that_overlap_a_kept_one_are_dropped(submission, claims, kept):
    text = "\n".join(f"Claim: {claim}\nQuestion: is {claim}?" for claim in claims)
    expected = [(claim, [f"is {claim}?"]) for claim in kept]
    assert_equal(submission.parse_plan(text, "abcdefgabhab"), expected)


@points(0.25)
@hint("The plan comes back to a claim. Which one is open then? And is a question asked twice?")
def test_repeated_claims_are_opened_again_and_repeated_questions_skipped(submission):
    text = (
        "Claim: It rains.\nQuestion: q1\nQuestion: q2\nQuestion: q1\nQuestion: q2\n"
        "Claim: It is cold.\nQuestion: q1\nClaim: It rains.\nQuestion: q3\nQuestion: q2"
    )
    expected = [("It rains.", ["q1", "q2", "q3"]), ("It is cold.", ["q1"])]
    assert_equal(submission.parse_plan(text, "It rains. It is cold."), expected)


@points(0.25)
@hint("To which claim does a question belong that comes before all of them?")
def test_questions_before_the_first_claim_are_skipped(submission):
    text = "Question: q1\n1. Question: q2\nClaim: It rains.\nQuestion: q3"
    assert_equal(submission.parse_plan(text, "It rains."), [("It rains.", ["q3"])])


@points(0.25)
@hint("Can a claim have no question, and a plan no claim?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Claim: It rains.\nClaim: It is cold.", [("It rains.", []), ("It is cold.", [])]),
        ("Claim: It rains.\nQuestion:\n- Question:  \t", [("It rains.", [])]),
        ("", []),
        ("There is nothing to verify.", []),
    ],
    ids=["no question", "empty questions", "empty", "no claim"],
)
def test_a_claim_may_be_without_questions(submission, text, expected):
    assert_equal(submission.parse_plan(text, "It rains. It is cold."), expected)


# ── verify_claims ─────────────────────────────────────────────────────────────────────────────


@points(1)
@hint("The model has written a mistake. What does it repeat as soon as it reads it again?")
def test_answers_are_given_with_the_question_alone(submission):
    claim, question = "It opened in 1899.", "When did it open?"
    replies = checking((claim, question, "In 1889.", "Contradicted."))
    check = TEMPLATES["check"].format(claim=claim, question=question, answer="In 1899.")

    def model(prompt):
        if prompt.startswith("Claim: ") and prompt.endswith("Verdict:"):
            return "Supported." if prompt == check else replies.get(prompt, "Unclear.")
        return "In 1899." if claim in prompt else replies.get(prompt, "I do not know.")

    checked = submission.verify_claims([(claim, [question])], model, TEMPLATES)
    assert_equal(checked, [entry(claim, "contradicted", (question, "In 1889.", "contradicted"))])


VERDICTS = {
    "Supported": "supported",
    " SUPPORTED. It is.": "supported",
    "**contradicted**": "contradicted",
    "1) Contradicted: 1889": "contradicted",
    "supported/contradicted": "supported",
    "contradicted, not supported": "contradicted",
    "é supported": "supported",
    "contradicted2": "contradicted",
    "unsupported": "unknown",
    "supports": "unknown",
    "contradictedly": "unknown",
    "The claim is supported": "unknown",
    "unknown": "unknown",
    "Unclear; contradicted?": "unknown",
    "yes": "unknown",
    "42": "unknown",
    "": "unknown",
}


@points(0.5)
@hint("The model says 'not contradicted'. Which word of it do you read?")
@pytest.mark.parametrize("reply", ["Not contradicted.", "not contradicted"])
def test_not_contradicted_is_unknown(submission, reply):
    model = Model(checking(("It rains.", "Does it?", "Yes.", reply)))
    checked = submission.verify_claims([("It rains.", ["Does it?"])], model, TEMPLATES)
    assert_equal(checked, [entry("It rains.", "unknown", ("Does it?", "Yes.", "unknown"))])


@points(0.75)
@hint("What is the first run of letters of each reply, and is it one of the two words as a whole?")
def test_a_verdict_is_the_first_word_of_the_reply(submission):
    questions = [f"q{place}" for place in range(len(VERDICTS))]
    script = [("It rains.", *pair) for pair in zip(questions, questions, VERDICTS, strict=True)]
    model = Model(checking(*((claim, q, f"a {a}", reply) for claim, q, a, reply in script)))
    checked = submission.verify_claims([("It rains.", questions)], model, TEMPLATES)
    given = [check["verdict"] for check in checked[0]["checks"]]
    assert_equal(dict(zip(VERDICTS, given, strict=True)), VERDICTS, name="the verdicts")


@points(0.75)
@hint("One check supports a claim and another contradicts it. Can the claim be right?")
@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param(["supported", "contradicted"], "contradicted", id="both"),
        pytest.param(["contradicted", "supported", "supported"], "contradicted", id="outvoted"),
        pytest.param(["unknown", "contradicted", "unknown"], "contradicted", id="one in doubt"),
        pytest.param(["unknown", "supported", "unknown"], "supported", id="support in doubt"),
        pytest.param(["supported", "unknown"], "supported", id="doubt after support"),
        pytest.param(["unknown", "unknown"], "unknown", id="doubt"),
        pytest.param([], "unknown", id="no check"),
    ],
)
def test_one_contradiction_is_enough(submission, verdicts, expected):
    checks = [(f"q{place}", f"a{place}", verdict) for place, verdict in enumerate(verdicts)]
    model = Model(checking(*(("It rains.", *check) for check in checks)))
    questions = [question for question, _, _ in checks]
    checked = submission.verify_claims([("It rains.", questions)], model, TEMPLATES)
    assert_equal(checked, [entry("It rains.", expected, *checks)])


@points(0.5)
@hint("Which prompts does the model get to read, and is there white space in them that it wrote?")
def test_prompts_are_filled_templates_and_replies_are_stripped(submission):
    model = Model(checking(("It rains.", "Does it?", "\n Yes,\n it does. \t", "\n\tSupported \n")))
    checked = submission.verify_claims([("It rains.", ["Does it?"])], model, TEMPLATES)
    answer = "Yes,\n it does."
    assert_equal(checked, [entry("It rains.", "supported", ("Does it?", answer, "supported"))])
    check = f"Claim: It rains.\nQuestion: Does it?\nAnswer: {answer}\nVerdict:"
    assert_equal(sorted(model.prompts), sorted(["Does it?", check]), name="the prompts")


@points(0.5)
@hint("A claim is about {answer}. What does your second replacement make of it?")
@pytest.mark.parametrize(
    ("claim", "question", "answer"),
    [
        pytest.param("Write {answer} here.", "Where?", "There.", id="in the claim"),
        pytest.param("A {question} {b}", "Is {answer} {claim}?", "{claim}{question}", id="in all"),
        pytest.param("{}", "{0} {{x}}", r"\1 {answer}", id="other braces"),
    ],
)
def test_braces_inside_values_stay(submission, claim, question, answer):
    model = Model(checking((claim, question, answer, "Supported.")))
    checked = submission.verify_claims([(claim, [question])], model, TEMPLATES)
    assert_equal(checked, [entry(claim, "supported", (question, answer, "supported"))])


@points(0.5)
@hint("Every call is paid for. How many does a question need, and what if two claims share one?")
def test_each_question_of_each_claim_takes_two_calls(submission):
    plan = [("A b.", ["q1", "q2"]), ("C d.", []), ("E f.", ["q1", "q3"])]
    script = [
        ("A b.", "q1", "a1", "supported"),
        ("A b.", "q2", "a2", "contradicted"),
        ("E f.", "q1", "a1", "unknown"),
        ("E f.", "q3", "a3", "supported"),
    ]
    model, other = Model(checking(*script)), Model(checking(*script))
    checked = submission.verify_claims(plan, model, TEMPLATES)
    assert_equal(checked, verify_claims(plan, other, TEMPLATES))
    assert_equal(sorted(model.prompts), sorted(other.prompts), name="the prompts")


@points(0.5)
@hint("In which order do the claims come out, and what of a plan without any?")
def test_claims_come_in_plan_order_and_may_be_missing(submission):
    model = Model(checking(("Z.", "q", "a", "supported"), ("A.", "q", "a", "contradicted")))
    plan = [("Z.", ["q"]), ("M.", []), ("A.", ["q"])]
    expected = [
        entry("Z.", "supported", ("q", "a", "supported")),
        entry("M.", "unknown"),
        entry("A.", "contradicted", ("q", "a", "contradicted")),
    ]
    assert_equal(submission.verify_claims(plan, model, TEMPLATES), expected)
    assert_equal(submission.verify_claims([], model, TEMPLATES), [])
    assert_equal(len(model.prompts), 4, name="the number of calls")


# ── revise ────────────────────────────────────────────────────────────────────────────────────


@points(0.75)
@hint("Which of the checks speak against the claim? How are they written down?")
@pytest.mark.parametrize(
    ("checks", "evidence"),
    [
        pytest.param(
            [("q1", "a1", "supported"), ("q2", "a2", "contradicted"), ("q3", "a3", "unknown")],
            ["Q: q2\nA: a2"],
            id="one of three",
        ),
        pytest.param(
            [("q1", "a1", "contradicted"), ("q2", "a2", "supported"), ("q3", "a3", "contradicted")],
            ["Q: q1\nA: a1", "Q: q3\nA: a3"],
            id="two of three",
        ),
    ],
)
def test_the_evidence_is_what_contradicts(submission, checks, evidence):
    model = Model({rewriting("It rains.", *evidence): "It snows."})
    checked = [entry("It rains.", "contradicted", *checks)]
    revised = submission.revise("Look: It rains. Cold!", checked, model, TEMPLATES)
    assert_equal(revised, "Look: It snows. Cold!")


@points(0.5)
@hint("Nobody could say whether the claim is right. What would a new version of it be based on?")
@pytest.mark.parametrize(
    ("verdict", "checks"),
    [
        pytest.param("unknown", [], id="unknown, no check"),
        pytest.param("unknown", [("q", "a", "unknown")], id="unknown"),
        pytest.param("supported", [("q", "a", "supported")], id="supported"),
    ],
)
def test_only_contradicted_claims_are_rewritten(submission, verdict, checks):
    model = Model({})
    revised = submission.revise(
        "It rains. Cold!", [entry("It rains.", verdict, *checks)], model, TEMPLATES
    )
    assert_equal(revised, "It rains. Cold!")
    assert_equal(model.prompts, [], name="the prompts")


@points(0.5)
@hint("The claim's text occurs twice. Which of them did the plan mean?")
def test_only_the_first_occurrence_is_replaced(submission):
    model = Model({rewriting("the sun"): "a lamp"})
    checked = [entry("the sun", "contradicted")]
    revised = submission.revise("Here the sun, there the sun.", checked, model, TEMPLATES)
    assert_equal(revised, "Here a lamp, there the sun.")


@points(0.75)
@hint("A correction holds the text of another claim. Which of the two is replaced next?")
@pytest.mark.parametrize(
    ("draft", "corrections"),
    [
        pytest.param("one two", {"one": "two two", "two": "three"}, id="the next one"),
        pytest.param("one two", {"two": "one", "one": "two"}, id="exchanged"),
        pytest.param("one two six", {"six": "one", "two": "", "one": "a longer one"}, id="lengths"),
        pytest.param("b a a", {"b": "a", "a": "c"}, id="an earlier occurrence"),
    ],
)
def test_positions_are_those_in_the_draft(submission, draft, corrections):
    replies = {rewriting(claim): reply for claim, reply in corrections.items()}
    checked = [entry(claim, "contradicted") for claim in corrections]
    expected = revise(draft, checked, Model(replies), TEMPLATES)
    assert_equal(submission.revise(draft, checked, Model(replies), TEMPLATES), expected)


@points(0.5)
@hint("What is left of the draft, exactly, when a claim goes? And what did the model wrap it in?")
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (" It\n snows.\n", "  Now. It\n snows. Then?\n"),
        ("", "  Now.  Then?\n"),
        (" \n ", "  Now.  Then?\n"),
        (r"\1 \g<0>", "  Now. \\1 \\g<0> Then?\n"),
    ],
    ids=["stripped", "empty", "blank", "back-slashes"],
)
def test_the_stripped_reply_takes_the_place_of_the_claim(submission, reply, expected):
    model = Model({rewriting("It rains."): reply})
    checked = [entry("It rains.", "contradicted")]
    revised = submission.revise("  Now. It rains. Then?\n", checked, model, TEMPLATES)
    assert_equal(revised, expected)


@points(0.25)
@hint("What would you replace when the draft does not have the claim, and what would it cost?")
def test_a_claim_that_the_draft_lacks_is_skipped(submission):
    model = Model({rewriting("It rains."): "It snows."})
    checked = [entry("Sun.", "contradicted"), entry("It rains.", "contradicted")]
    assert_equal(submission.revise("It rains.", checked, model, TEMPLATES), "It snows.")
    assert_equal(model.prompts, [rewriting("It rains.")], name="the prompts")


@points(0.5)
@hint("How many claims are contradicted, and what does the model read of each?")
def test_each_contradicted_claim_takes_one_call(submission):
    checked = [
        entry("Cold {claim}.", "contradicted", ("q {evidence}", "{claim}", "contradicted")),
        entry("It is.", "supported", ("q", "a", "supported")),
        entry("It rains.", "contradicted", ("q1", "a1\nb1", "contradicted")),
    ]
    replies = {
        rewriting("It rains.", "Q: q1\nA: a1\nb1"): "It snows {}.",
        rewriting("Cold {claim}.", "Q: q {evidence}\nA: {claim}"): "Warm {x}.",
    }
    model = Model(replies)
    revised = submission.revise("It rains. It is. Cold {claim}.", checked, model, TEMPLATES)
    assert_equal(revised, "It snows {}. It is. Warm {x}.")
    assert_equal(sorted(model.prompts), sorted(replies), name="the prompts")


@points(0.25)
@hint("Nothing was found to be wrong. What may have changed?")
def test_without_a_contradiction_nothing_changes(submission):
    model = Model({})
    assert_equal(submission.revise(" It  rains.\n", [], model, TEMPLATES), " It  rains.\n")
    assert_equal(model.prompts, [], name="the prompts")


# ── chain_of_verification ─────────────────────────────────────────────────────────────────────

DRAFT = "The tower opened in 1899. It is in Rome. It is 330 m high."
PLAN = """1. Claim: It is in Rome.
   - Question: In which city is it?
   - Question: In which country is it?
2. Claim: The tower opened in 1899.
   - Question: When did it open?
3. Claim: It has lifts.
   - Question: Has it lifts?
4. Claim: 330 m
   - Question: How high is it?"""
SCRIPT = {
    "Answer in full.\nTell me.": f" {DRAFT}\n",
    f"List claims.\nQuestion: Tell me.\nDraft: {DRAFT}": PLAN,
    **checking(
        ("It is in Rome.", "In which city is it?", "Paris", "Contradicted"),
        ("It is in Rome.", "In which country is it?", "France", "Contradicted"),
        ("The tower opened in 1899.", "When did it open?", " 1889 ", "contradicted"),
        ("330 m", "How high is it?", "330 m", "supported"),
    ),
    rewriting(
        "It is in Rome.",
        "Q: In which city is it?\nA: Paris",
        "Q: In which country is it?\nA: France",
    ): "It is in Paris.\n",
    rewriting("The tower opened in 1899.", "Q: When did it open?\nA: 1889"): "It opened in 1889.",
}


@points(1.25)
@hint("Follow the worked example stage by stage. What goes from one into the next?")
def test_the_stages_follow_each_other(submission):
    result = submission.chain_of_verification("Tell me.", Model(SCRIPT), TEMPLATES)
    assert_equal(result, chain_of_verification("Tell me.", Model(SCRIPT), TEMPLATES))
    answer = "It opened in 1889. It is in Paris. It is 330 m high."
    assert_equal(result["answer"], answer, name="the answer")


@points(0.75)
@hint("One call for the draft, one for the plan. Which others are there?")
def test_no_call_is_made_that_is_not_needed(submission):
    model = Model(SCRIPT)
    submission.chain_of_verification("Tell me.", model, TEMPLATES)
    # Four questions and two contradicted claims.
    assert_equal(len(model.prompts), 2 + 2 * 4 + 2, name="the number of calls")
    assert_equal(sorted(model.prompts), sorted(SCRIPT), name="the prompts")


@points(0.5)
@hint("The plan has no claim that the draft contains. What is there to change?")
@pytest.mark.parametrize("plan", ["Nothing to verify.", "Claim: It snows.\nQuestion: Does it?"])
def test_an_empty_plan_leaves_the_draft(submission, plan):
    model = Model(
        {
            "Answer in full.\n{draft}?": "\tIt {question} rains.  ",
            "List claims.\nQuestion: {draft}?\nDraft: It {question} rains.": plan,
        }
    )
    result = submission.chain_of_verification("{draft}?", model, TEMPLATES)
    draft = "It {question} rains."
    assert_equal(result, {"draft": draft, "checked": [], "answer": draft})
    assert_equal(len(model.prompts), 2, name="the number of calls")


@points(0.5)
@hint("Claims may be supported or in doubt. Does the answer then differ from the draft?")
def test_what_is_supported_or_unknown_stays(submission):
    model = Model(
        {
            "Answer in full.\nWell?": "It rains. It is cold.",
            "List claims.\nQuestion: Well?\nDraft: It rains. It is cold.": (
                "\nClaim: It rains.\nQuestion: Does it?\nClaim: It is cold.\nQuestion: Is it?\n"
            ),
            **checking(("It rains.", "Does it?", "Yes", "Supported")),
        }
    )
    result = submission.chain_of_verification("Well?", model, TEMPLATES)
    draft = "It rains. It is cold."
    checked = [
        entry("It rains.", "supported", ("Does it?", "Yes", "supported")),
        entry("It is cold.", "unknown", ("Is it?", "I do not know.", "unknown")),
    ]
    assert_equal(result, {"draft": draft, "checked": checked, "answer": draft})
    assert_equal(len(model.prompts), 6, name="the number of calls")
