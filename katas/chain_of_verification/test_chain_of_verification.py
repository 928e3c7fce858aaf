"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal

DRAFT = "The tower opened in 1899. It is in Paris."
TEMPLATES = {
    "draft": "{question}",
    "plan": "List the claims of: {draft}",
    "answer": "{question} In one word.",
    "check": "Does '{answer}' to '{question}' support: {claim}",
    "revise": "Correct {claim}\n{evidence}",
}
REPLIES = {
    "Tell me of the tower.": DRAFT,
    "List the claims of: " + DRAFT: (
        "1. Claim: The tower opened in 1899.\n- Question: When did it open?\nClaim: It is in Rome."
    ),
    "When did it open? In one word.": " 1889\n",
    "Does '1889' to 'When did it open?' support: The tower opened in 1899.": "Contradicted: 1889.",
    "Correct The tower opened in 1899.\nQ: When did it open?\nA: 1889": "It opened in 1889.",
}
CHECKED = [
    {
        "claim": "The tower opened in 1899.",
        "verdict": "contradicted",
        "checks": [{"question": "When did it open?", "answer": "1889", "verdict": "contradicted"}],
    }
]


def model(prompt):
    """Reply as scripted."""
    return REPLIES.get(prompt, "I do not know.")


def test_claims_and_their_questions(submission):
    text = REPLIES["List the claims of: " + DRAFT]
    expected = [("The tower opened in 1899.", ["When did it open?"])]
    assert_equal(submission.parse_plan(text, DRAFT), expected)


def test_a_claim_is_checked_against_an_answer_of_its_own(submission):
    plan = [("The tower opened in 1899.", ["When did it open?"])]
    assert_equal(submission.verify_claims(plan, model, TEMPLATES), CHECKED)


def test_only_what_is_contradicted_is_replaced(submission):
    revised = submission.revise(DRAFT, CHECKED, model, TEMPLATES)
    assert_equal(revised, "It opened in 1889. It is in Paris.")


def test_the_whole_chain(submission):
    result = submission.chain_of_verification("Tell me of the tower.", model, TEMPLATES)
    answer = "It opened in 1889. It is in Paris."
    assert_equal(result, {"draft": DRAFT, "checked": CHECKED, "answer": answer})
