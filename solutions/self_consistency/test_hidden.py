"""The hidden suite of self-consistency."""

import pytest

from autograder.checks import assert_close, assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.self_consistency.self_consistency import sample_until_decided, vote


class Model:
    """A scripted model: one reply after the other to the same prompt, and none after the last."""

    __name__ = "model"

    def __init__(self, *replies):
        self.replies = replies
        self.prompts = []

    def __call__(self, prompt):
        """Note the prompt, and reply."""
        if len(self.prompts) == len(self.replies):
            raise RuntimeError("the model was called more often than max_samples allows")
        self.prompts.append(prompt)
        return self.replies[len(self.prompts) - 1]


def replies(answers):
    """Return a chain of thought for each letter; a dash has no answer."""
    return ["I cannot say." if one == "-" else f"Hm.\nThe answer is {one}." for one in answers]


# ── extract_answer ────────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("A chain of thought corrects itself. Which of its boxes does it mean?")
def test_the_last_box_counts(submission):
    text = r"First \boxed{12}. That forgets three of them: \boxed{15}."
    assert_equal(submission.extract_answer(text), "15")


@points(0.25)
@hint("A chain of thought corrects itself. Which of its answers does it mean?")
def test_the_last_marked_answer_counts(submission):
    text = "The answer is Lima.\nNo: it moved in 1821.\nThe answer is Cusco."
    assert_equal(submission.extract_answer(text), "Cusco")


@points(0.25)
@hint("Nothing is marked. Which number comes after all the thinking?")
def test_the_last_number_counts_where_nothing_is_marked(submission):
    assert_equal(submission.extract_answer("3 pears and 4 figs make 7 pieces"), "7")


@points(0.5)
@hint(r"Count the braces of \boxed{\frac{1}{2}}. Which of them closes the box?")
@pytest.mark.parametrize("content", [r"\frac{1}{2}", r"\{x : x^{2} > 4\}", "{{a}{b}}c"])
def test_a_box_ends_where_its_braces_balance(submission, content):
    assert_equal(submission.extract_answer(rf"Hence $x = \boxed{{{content}}}$"), content)


@points(0.25)
@hint("What does your pattern's star take, when there are more braces on the line?")
def test_a_box_does_not_reach_to_the_last_brace_of_the_text(submission):
    text = r"So \boxed{\sqrt{7}} is in the set {a}, and {b} is not."
    assert_equal(submission.extract_answer(text), r"\sqrt{7}")


@points(0.5)
@hint("The model has said which one its answer is. What do the numbers after it matter?")
@pytest.mark.parametrize(
    "text",
    [
        "The answer is 7.\nI checked it 3 times.",
        r"We get \boxed{7}, which is more than 3.",
        "#### 7\n(from step 3)",
    ],
    ids=["words", "box", "hashes"],
)
def test_a_marked_answer_comes_before_numbers(submission, text):
    assert_equal(submission.extract_answer(text), "7")


@points(0.25)
@hint("'The answer is' and a box: which of the two says more exactly where the answer ends?")
@pytest.mark.parametrize(
    "text",
    [
        r"The final answer is $\boxed{x+1}$, as claimed.",
        "We get \\boxed{x+1}.\nIn words, the answer is: one more than x.",
    ],
    ids=["within", "before"],
)
def test_a_box_comes_before_other_markers(submission, text):
    assert_equal(submission.extract_answer(text), "x+1")


@points(0.25)
@hint("What is in the last box, and is it closed?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(r"\boxed{4} or \boxed{5", "4", id="cut off"),
        pytest.param(r"\boxed{4} or \boxed{\frac{5}{6}", "4", id="cut off inside"),
        pytest.param(r"\boxed{4}, that is \boxed{} or \boxed{ }", "4", id="blank"),
        pytest.param("The answer is 3: \\boxed{\n}", r"3: \boxed{", id="no other box"),
        pytest.param(r"\boxed{5", "5", id="no closed box"),
        pytest.param("\\boxed{ a\n b\t}", "a\n b", id="white space"),
        pytest.param(r"\boxed{4} \boxed 5 boxed{6}", "4", id="no box"),
    ],
)
def test_a_box_that_is_open_or_blank_is_none(submission, text, expected):
    assert_equal(submission.extract_answer(text), expected)


@points(0.5)
@hint("Go through the pattern of the markers. What may stand between its words, and after them?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FINAL ANSWER: Lima", "Lima"),
        ("So the answer  \tis:Lima", "Lima"),
        ("answer is : Lima", "Lima"),
        ("Answer  : Lima", "Lima"),
        ("####Lima", "Lima"),
        ("the answer is: #### Lima", "Lima"),
        ("Answer: the answer is Lima", "Lima"),
        ("The answer is 5\nanswers: 6", "5"),
        ("My answer was 5, theirs: 6", "6"),
        ("### 5 of 6", "6"),
    ],
)
def test_answers_are_marked_in_several_ways(submission, text, expected):
    assert_equal(submission.extract_answer(text), expected)


@points(0.25)
@hint("Where does the marked answer end? And which full stops are part of it?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is 3.5 km. \n7 more words", "3.5 km"),
        ("The answer is:\t Mr. A. B. . . \r\nBye 8", "Mr. A. B"),
        ("The answer is ...and more", "...and more"),
        ("The answer is **7**!", "**7**!"),
    ],
)
def test_a_marked_answer_is_the_rest_of_its_line(submission, text, expected):
    assert_equal(submission.extract_answer(text), expected)


@points(0.25)
@hint("What do you have when nothing follows the last marker?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("The answer is 4.\n\nAnswer: \n", "4", id="an earlier one"),
        pytest.param("The answer is Lima.\n####\n . .. \n", "Lima", id="full stops"),
        pytest.param("The answer is:\n12 pears", "12", id="only a number"),
        pytest.param("Answer: ...\nThe answer is", None, id="nothing"),
    ],
)
def test_a_marker_with_nothing_after_it_is_none(submission, text, expected):
    assert_equal(submission.extract_answer(text), expected)


@points(0.25)
@hint("Go through the pattern of the numbers. What may not stand before one?")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("that makes 1,234,567.50 francs", "1,234,567.50"),
        ("it is -4.", "-4"),
        ("from 3-8", "8"),
        ("14, 1,23", "23"),
        ("costs $5.00, x2 and v3.", "5.00"),
        ("17b or 5%", "5"),
        ("4.x", "4"),
    ],
)
def test_a_number_is_what_the_pattern_matches(submission, text, expected):
    assert_equal(submission.extract_answer(text), expected)


# ── normalise_answer ──────────────────────────────────────────────────────────────────────────


@points(0.5)
@hint("How many answers are 1,000 and 1000.0, and would their votes be counted together?")
@pytest.mark.parametrize("answer", ["1,000", "1000", "1000.0", "01000.00", "+1000", "3000/3"])
def test_equal_numbers_are_one_answer(submission, answer):
    assert_equal(submission.normalise_answer(answer), "1000")


@points(0.5)
@hint("What is 0.5 as a fraction in lowest terms, and where does its sign stand?")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("0.50", "1/2"),
        ("2/4", "1/2"),
        (".5", "1/2"),
        ("-.25", "-1/4"),
        ("-6/4", "-3/2"),
        ("+6/8", "3/4"),
        ("-6/03", "-2"),
        ("0/7", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("-1,234.5", "-2469/2"),
    ],
)
def test_a_number_becomes_a_fraction_in_lowest_terms(submission, answer, expected):
    assert_equal(submission.normalise_answer(answer), expected)


@points(0.5)
@hint("What is 0.1 exactly, once it has been a float?")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("0.1", "1/10"),
        ("3.14159265358979323846", "157079632679489661923/50000000000000000000"),
        ("123,456,789,012,345,678,901", "123456789012345678901"),
        ("10000000000000000000000/30000000000000000000000", "1/3"),
    ],
    ids=["a tenth", "many places", "many digits", "a third"],
)
def test_numbers_are_exact(submission, answer, expected):
    assert_equal(submission.normalise_answer(answer), expected)


@points(0.5)
@hint("Which of these, as a whole, matches one of the patterns?")
@pytest.mark.parametrize(
    "answer",
    [
        "50%",
        "5 km",
        "1,2",
        "1,00",
        "1,0000",
        "1234,567",
        "12 000",
        "1e3",
        "1_000",
        "1.2.3",
        "1/2/3",
        "1.5/2",
        "1/-2",
        "1/2.0",
        "3/0",
        "3/00",
        "--5",
        "- 5",
        "-$5",
        "٣",
        "½",
        "²",
        "1/٣",
        "%5",
        "5/",
        "/5",
    ],
)
def test_what_is_no_number_as_a_whole_stays(submission, answer):
    assert_equal(submission.normalise_answer(answer), answer)


@points(0.25)
@hint("Which characters wrap an answer without being part of it?")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("$1,000.00", "1000"),
        ("**42**", "42"),
        ("[7]", "7"),
        ("5.", "5"),
        ("$ 5", "5"),
        ("`'x'`;", "x"),
        ("\"('x')\"?!", "x"),
        ("[ * $lima:,", "lima"),
        (".5.", "1/2"),
        ("f(x)", "f(x"),
        (",;:x", ",;:x"),
        ("x$([", "x$(["),
        ("a.b,c", "a.b,c"),
    ],
)
def test_what_wraps_an_answer_is_stripped(submission, answer, expected):
    assert_equal(submission.normalise_answer(answer), expected)


@points(0.5)
@hint("Are '(B).' and 'b' two answers, or 'New York' and 'new  york'?")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("(B).", "b"),
        ("  New\n\t York ", "new york"),
        ("ÉCLAIR Ω", "éclair ω"),
        ("\u00a0a \u2003 b\n", "a b"),
        ("Straße", "straße"),
    ],
    ids=["a letter", "two words", "other letters", "other spaces", "lower, not folded"],
)
def test_case_and_white_space_do_not_matter(submission, answer, expected):
    assert_equal(submission.normalise_answer(answer), expected)


@points(0.25)
@hint("What is left when everything is stripped?")
@pytest.mark.parametrize("answer", ["", " \n", "()", "$", "...", "[ ' ' ]", "**"])
def test_nothing_may_be_left(submission, answer):
    assert_equal(submission.normalise_answer(answer), "")


# ── vote ──────────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("Count the votes by hand. Whose share is it, and of what?")
def test_the_most_frequent_answer_wins(submission):
    answers = ["lima", "cusco", "quito", "cusco"]
    assert_close(submission.vote(answers), ("cusco", 0.5))


@points(0.25)
@hint("Does it matter how an answer was written?")
def test_answers_are_grouped_by_what_they_normalise_to(submission):
    # 1/2 has four votes and 12 has three, two of them written alike.
    answers = ["0.50", "12", "1/2", "12", "(12)", ".5", "**2/4**"]
    assert_close(submission.vote(answers), ("1/2", 4 / 7))


@points(0.5)
@hint("Three chains ended without an answer. What did they vote for?")
def test_replies_without_an_answer_have_no_vote(submission):
    answers = [None, "lima", None, "lima", None, "cusco"]
    assert_close(submission.vote(answers), ("lima", 2 / 3))


@points(0.25)
@hint("An answer of stars and brackets only: what is left of it?")
def test_what_normalises_to_nothing_has_no_vote(submission):
    answers = ["", "()", " . ", None, "lima", "cusco", "lima", "lima"]
    assert_close(submission.vote(answers), ("lima", 0.75))


@points(0.25)
@hint("Do weights have to be whole, or to sum to one?")
def test_weights_may_be_small(submission):
    result = submission.vote(["cusco", "lima", "lima"], [0.25, 0.125, 0.25])
    assert_close(result, ("lima", 0.375 / 0.625))


@points(0.5)
@hint("One answer was given once with weight 3, another three times with less. Who wins?")
def test_weights_are_summed(submission):
    answers = ["lima", "cusco", "cusco", "quito", "cusco"]
    weights = [3.0, 2.0, 1.5, 0.25, 1.25]
    assert_close(submission.vote(answers, weights), ("cusco", 4.75 / 8))


@points(0.25)
@hint("Whose weights are in the total?")
def test_weights_of_replies_without_an_answer_do_not_count(submission):
    answers = [None, "lima", "", "cusco", "Lima"]
    weights = [8.0, 0.5, 4.0, 0.75, 0.125]
    assert_close(submission.vote(answers, weights=weights), ("cusco", 0.75 / 1.375))


@points(0.25)
@hint("Which of equally strong answers came first?")
@pytest.mark.parametrize(
    ("answers", "weights"),
    [
        (["lima", "cusco", "lima", "cusco"], None),
        (["Lima", "quito", "cusco"], None),
        (["quito", "lima", "cusco", "cusco"], [0.25, 1.0, 0.375, 0.625]),
    ],
    ids=["two", "three", "weighted"],
)
def test_ties_go_to_the_answer_that_came_first(submission, answers, weights):
    assert_close(submission.vote(answers, weights), ("lima", vote(answers, weights)[1]))


@points(0.25)
@hint("What is the share of nothing in nothing?")
@pytest.mark.parametrize(
    ("answers", "weights", "expected"),
    [
        pytest.param([], None, (None, 0.0), id="none"),
        pytest.param([], [], (None, 0.0), id="none, weighted"),
        pytest.param([None, "", "()"], None, (None, 0.0), id="no answers"),
        pytest.param([None], [2.0], (None, 0.0), id="no answer of weight 2"),
        pytest.param([None, "Lima", "cusco"], [3.0, 0.0, 0.0], ("lima", 0.0), id="no weight"),
    ],
)
def test_votes_may_be_missing_or_weightless(submission, answers, weights, expected):
    assert_close(submission.vote(answers, weights), expected)


@points(0.25)
@hint("Can a vote count against its own answer? And whose vote is the last weight?")
@pytest.mark.parametrize(
    ("answers", "weights"),
    [
        (["a", "b"], [1.0, -0.5]),
        (["a", None], [1.0, -0.5]),
        (["a", "b"], [1.0]),
        (["a", "b"], [1.0, 1.0, 1.0]),
        (["a"], []),
    ],
    ids=["negative", "negative without a vote", "fewer", "more", "none"],
)
def test_negative_and_missing_weights_are_refused(submission, answers, weights):
    assert_raises(ValueError, submission.vote, answers, weights)


# ── sample_until_decided ──────────────────────────────────────────────────────────────────────


def decided(sample, answers, max_samples):
    """Compare what comes out, and what reached the model, with the reference."""
    model, other = (Model(*replies(answers[:max_samples])) for _ in range(2))
    result = sample(model, "How many?", max_samples)
    assert_equal(result, sample_until_decided(other, "How many?", max_samples))
    assert_equal(model.prompts, other.prompts, name="the prompts")


@points(0.5)
@hint("Two samples are left. By how much must the leader be ahead of the second?")
def test_it_stops_once_the_rest_cannot_change_the_winner(submission):
    # b leads by 4 of 4, 3 of 3 and then 3 of 2 samples left.
    decided(submission.sample_until_decided, "bbbbcabb", 8)


@points(0.5)
@hint("Two agree. What if all the others agree on something else?")
def test_an_early_agreement_can_still_be_outvoted(submission):
    decided(submission.sample_until_decided, "aabbb", 5)


@points(0.5)
@hint("The other votes are split over many answers. Who could still overtake the leader?")
def test_split_votes_decide_before_there_is_a_majority(submission):
    decided(submission.sample_until_decided, "abcdaaaa", 9)
    decided(submission.sample_until_decided, "abacda", 7)


@points(0.5)
@hint("If all agree, after how many of nine samples is the vote decided?")
@pytest.mark.parametrize("max_samples", [1, 2, 3, 4, 9])
def test_agreement_saves_nearly_half_of_the_calls(submission, max_samples):
    decided(submission.sample_until_decided, "a" * max_samples, max_samples)


@points(0.5)
@hint("A reply without an answer was paid for too. What does that leave?")
@pytest.mark.parametrize("answers", ["--aa-a-", "-------", "a------", "-b-aab-"])
def test_a_reply_without_an_answer_uses_up_a_sample(submission, answers):
    decided(submission.sample_until_decided, answers, 7)


@points(0.5)
@hint("When the leader is ahead by as much as is left, who may have drawn level at the end?")
@pytest.mark.parametrize("answers", ["abba", "baab", "aabb", "abcabc"])
def test_a_vote_that_may_still_be_tied_goes_on(submission, answers):
    decided(submission.sample_until_decided, answers, len(answers))


@points(0.25)
@hint("What should 'The answer is $1,000.' and '1000.0 in all' have in common?")
def test_answers_are_extracted_and_normalised(submission):
    model = Model("The answer is $1,000.", "That is\n1000.0 in all", r"\boxed{1{,}000}", "x", "x")
    assert_equal(submission.sample_until_decided(model, "How many?", 3), ("1000", 2))


@points(0.25)
@hint("Let the model answer at random. Is the winner always that of the whole vote?")
def test_the_winner_is_that_of_all_samples_unless_these_are_tied(submission, rng):
    for _ in range(10):
        decided(
            submission.sample_until_decided,
            [str(one) for one in rng.choice(list("aabbc-"), size=9)],
            9,
        )


@points(0.25)
@hint("How often do you ask somebody whom you do not ask?")
@pytest.mark.parametrize("max_samples", [0, -3])
def test_fewer_than_one_sample_is_refused(submission, max_samples):
    assert_raises(
        ValueError, submission.sample_until_decided, Model("#### 4"), "How many?", max_samples
    )


@points(0.25)
@hint("Who should hear that the model cannot be reached?")
def test_what_the_model_raises_is_not_caught(submission):
    # The second reply is missing.
    assert_raises(RuntimeError, submission.sample_until_decided, Model("#### 4"), "How many?", 5)
