"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal


def test_a_fence_of_three_backticks(submission):
    assert_equal(submission.fence("run `ls`"), "```\nrun `ls`\n```")


def test_two_placeholders(submission):
    template = "Answer {{name}} in {{ language }}."
    values = {"name": "Mei", "language": "French"}
    assert_equal(submission.fill_template(template, values), "Answer Mei in French.")


def test_a_value_is_not_filled_in(submission):
    values = {"name": "{{secret}}", "secret": "1234"}
    assert_equal(submission.fill_template("Dear {{name}}", values), "Dear {{secret}}")


def test_a_prompt_without_examples(submission):
    prompt = submission.render_prompt("Translate into French.", "good night", role="A translator.")
    expected = "A translator.\n\nTranslate into French.\n\nInput: good night\nOutput:"
    assert_equal(prompt, expected)


def test_the_worked_example(submission):
    prompt = submission.render_prompt(
        "Add the numbers.",
        "7 and 8",
        instructions=["Be brief."],
        examples=[{"input": "2 and 3", "reasoning": "2 + 3 = 5", "output": "5"}],
        chain_of_thought=True,
    )
    expected = (
        "Add the numbers.\n\n"
        "Instructions:\n- Be brief.\n\n"
        "Input: 2 and 3\nReasoning: 2 + 3 = 5\nOutput: 5\n\n"
        "Input: 7 and 8\nReasoning:"
    )
    assert_equal(prompt, expected)


def test_a_chat_with_a_system_message(submission):
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"}]
    expected = (
        "<|im_start|>system\nBe kind.<|im_end|>\n"
        "<|im_start|>user\nhi<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert_equal(submission.render_chat(messages, add_generation_prompt=True), expected)
