"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_close, assert_equal


def test_the_last_answer_that_is_marked(submission):
    text = "The answer is 12? No, we forgot three.\nThe answer is 15."
    assert_equal(submission.extract_answer(text), "15")


def test_a_box_with_braces_in_it(submission):
    assert_equal(submission.extract_answer(r"Hence \boxed{\frac{1}{2}}."), r"\frac{1}{2}")


def test_no_answer_at_all(submission):
    assert_equal(submission.extract_answer("I cannot say."), None)


def test_equal_answers_are_equal_strings(submission):
    answers = ["$1,000.00", "0.50", "2/4", "(B).", "50%"]
    normalised = [submission.normalise_answer(answer) for answer in answers]
    assert_equal(normalised, ["1000", "1/2", "1/2", "b", "50%"])


def test_the_vote_of_the_worked_example(submission):
    assert_close(submission.vote(["15", None, "12", "15.0"]), ("15", 2 / 3))


def test_weights_are_summed(submission):
    assert_close(submission.vote(["a", "b", "b"], [1.5, 1.0, 1.0]), ("b", 2 / 3.5))


def test_three_of_five_that_agree_are_enough(submission):
    result = submission.sample_until_decided(lambda prompt: "The answer is 4.", "2 + 2?", 5)
    assert_equal(result, ("4", 3))
