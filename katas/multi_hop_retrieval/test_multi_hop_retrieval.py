"""Examples that can be worked out by hand; the hidden suite asks for more."""

from autograder.checks import assert_equal


def test_two_hops_and_an_answer(submission):
    found = {
        "capital of Peru": [("p1", "Lima is the capital.")],
        "people in Lima": [("p2", "Ten million live in Lima.")],
    }

    def model(prompt):
        if "Ten million" in prompt:
            return "Now I know.\nANSWER: ten million"
        return "SEARCH: people in Lima" if "Lima is" in prompt else "SEARCH: capital of Peru"

    result = submission.iterative_search("How large is Peru's capital?", model, found.get)
    assert_equal(result["answer"], "ten million")
    assert_equal(result["queries"], ["capital of Peru", "people in Lima"])
    assert_equal(result["passages"], ["p1", "p2"])
    assert_equal(result["stopped"], "answer")


def test_a_search_that_repeats_itself_is_stopped(submission):
    result = submission.iterative_search("?", lambda prompt: "SEARCH: Lima", lambda query: [])
    assert_equal((result["queries"], result["stopped"]), (["Lima"], "repeated"))


def test_a_reference_becomes_an_answer(submission):
    answers = {"Who wrote Solaris?": "Lem", "Where was Lem born?": "Lviv\n"}
    plan = ["Who wrote Solaris?", "Where was #1 born?"]
    assert_equal(submission.answer_plan(plan, answers.get), ["Lem", "Lviv"])


def test_the_shorter_of_two_chains(submission):
    links = {"Lem": ["Solaris", "Lviv"], "Solaris": ["Tarkovsky"], "Lviv": ["Ukraine"]}
    links["Tarkovsky"] = ["Ukraine"]
    assert_equal(submission.shortest_chain(links, "Lem", "Ukraine", 3), ["Lem", "Lviv", "Ukraine"])
    assert_equal(submission.shortest_chain(links, "Lem", "Ukraine", 1), None)
