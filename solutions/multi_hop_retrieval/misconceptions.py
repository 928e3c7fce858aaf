"""The wrong turns of multi-hop retrieval."""

import re

from autograder.suite import misconception
from solutions.multi_hop_retrieval.multi_hop_retrieval import (
    REFERENCE,
    answer_plan,
    first_action,
    normalised,
    shortest_chain,
    write_prompt,
)

# ── iterative_search ──────────────────────────────────────────────────────────────────────────


def search(
    question,
    model,
    retrieve,
    max_hops,
    read=first_action,
    repeats=True,
    same=normalised,
    last_question=True,
    ask_for=lambda question, query: query,
    note=lambda question, query: query,
    once=True,
    show=lambda queries, gathered, last: (queries, gathered),
):
    """Run the loop of the reference with one of its decisions taken otherwise."""
    if max_hops < 0:
        raise ValueError("max_hops must not be negative")
    queries, gathered, last = [], [], []

    def stop(why, answer=None):
        passages = [passage for passage, _ in gathered]
        return {"answer": answer, "queries": queries, "passages": passages, "stopped": why}

    while True:
        if not last_question and len(queries) == max_hops:
            return stop("hop_limit")
        shown, passages = show(queries, gathered, last)
        action, content = read(model(write_prompt(question, shown, [text for _, text in passages])))
        if not content:
            return stop("malformed")
        if action == "ANSWER:":
            return stop("answer", content)
        if repeats and same(content) in map(same, queries):
            return stop("repeated")
        if len(queries) == max_hops:
            return stop("hop_limit")
        queries.append(note(question, content))
        last = []
        for pair in retrieve(ask_for(question, content)):
            if not once or pair[0] not in [passage for passage, _ in gathered]:
                gathered.append(pair)
                last.append(pair)


SINGLE_HOP = misconception(
    id="single_hop",
    replaces="iterative_search",
    says="`retrieve` gets the original question at every hop, "
    "not the query that the model asks for",
    hint="Print what retrieve is called with at the second hop.",
)


@SINGLE_HOP
def single_hop(question, model, retrieve, max_hops=4):
    return search(question, model, retrieve, max_hops, ask_for=lambda question, query: question)


@SINGLE_HOP
def single_hop_noted_as_sent(question, model, retrieve, max_hops=4):
    def first(question, query):
        return question

    return search(question, model, retrieve, max_hops, ask_for=first, note=first)


@misconception(
    replaces="iterative_search",
    says="the prompt holds only the passages of the last hop",
    hint="Which passages does the model need when it puts the answer together?",
)
def passages_forgotten(question, model, retrieve, max_hops=4):
    def show(queries, gathered, last):
        return queries, last

    return search(question, model, retrieve, max_hops, show=show)


@misconception(
    replaces="iterative_search",
    says="the prompt does not hold the queries that were sent",
    hint="A search found nothing. What tells the model not to try it again?",
)
def queries_forgotten(question, model, retrieve, max_hops=4):
    def show(queries, gathered, last):
        return [], gathered

    return search(question, model, retrieve, max_hops, show=show)


@misconception(
    replaces="iterative_search",
    says="a passage that comes back in a later hop is added again",
    hint="Two queries find the same passage. How often is it in your list, and in the prompt?",
)
def duplicates_kept(question, model, retrieve, max_hops=4):
    return search(question, model, retrieve, max_hops, once=False)


@misconception(
    replaces="iterative_search",
    says="after the last allowed retrieval the model is not asked again, "
    "so its passages are never used",
    hint="How often is the model asked when one search is allowed?",
)
def no_last_question(question, model, retrieve, max_hops=4):
    return search(question, model, retrieve, max_hops, last_question=False)


@misconception(
    replaces="iterative_search",
    says="the same query is sent again and again until the hop limit",
    hint="What could a search find the second time that it did not find the first time?",
)
def loops_on_repeats(question, model, retrieve, max_hops=4):
    return search(question, model, retrieve, max_hops, repeats=False)


@misconception(
    replaces="iterative_search",
    says="a query counts as repeated only when it is the same to the letter",
    hint="Does a capital letter or a second space change what a search finds?",
)
def repeats_compared_exactly(question, model, retrieve, max_hops=4):
    return search(question, model, retrieve, max_hops, same=str)


@misconception(
    replaces="iterative_search",
    says="the last line with a label counts, which the model wrote without having read anything",
    hint="The reply holds a search and, below, an answer. What was that answer based on?",
)
def last_line_counts(question, model, retrieve, max_hops=4):
    def read(reply):
        return first_action("\n".join(reply.splitlines()[::-1]))

    return search(question, model, retrieve, max_hops, read)


@misconception(
    replaces="iterative_search",
    says="a reply without a label is taken as the answer",
    hint="Did the model say that this is its answer?",
)
def unlabelled_is_answer(question, model, retrieve, max_hops=4):
    def read(reply):
        action, content = first_action(reply)
        return (action, content) if action else ("ANSWER:", reply.strip())

    return search(question, model, retrieve, max_hops, read)


@misconception(
    replaces="iterative_search",
    says="labels are found in any case, so a sentence about searching is one",
    hint="Which of 'SEARCH:' and 'search:' was agreed upon with the model?",
)
def labels_in_any_case(question, model, retrieve, max_hops=4):
    def read(reply):
        return first_action(re.sub(r"(?im)^\s*(search|answer):", lambda m: m[0].upper(), reply))

    return search(question, model, retrieve, max_hops, read)


# ── answer_plan ───────────────────────────────────────────────────────────────────────────────


def check(plan):
    """Raise what answer_plan has to raise."""
    answer_plan(plan, lambda question: "")


def answered(plan, ask, resolve):
    """Answer a plan whose references are resolved by `resolve`."""
    check(plan)
    answers = []
    for question in plan:
        answers.append(ask(resolve(question, answers)).strip())
    return answers


@misconception(
    replaces="answer_plan",
    says="sub-questions are asked with #1 still in them",
    hint="Print what is asked. Could anybody answer it who has not seen the plan?",
)
def references_not_resolved(plan, ask):
    return answered(plan, ask, lambda question, answers: question)


@misconception(
    replaces="answer_plan",
    says="#1 is replaced inside #10",
    hint="Write a plan of eleven steps whose last one refers to #10.",
)
def prefix_of_reference(plan, ask):
    def resolve(question, answers):
        for number, answer in enumerate(answers, start=1):
            question = question.replace(f"#{number}", answer)
        return question

    return answered(plan, ask, resolve)


ONE_AFTER_THE_OTHER = misconception(
    id="answers_substituted_again",
    replaces="answer_plan",
    says="references are replaced one after the other, so a # inside an answer is replaced too",
    hint="The first answer is 'room #2'. What does your second replacement find?",
)


def replaced(question, numbers, answers):
    """Replace whole references, one number after the other."""
    for number in numbers:
        question = re.sub(rf"#{number}(?![0-9])", lambda _, n=number: answers[n - 1], question)
    return question


@ONE_AFTER_THE_OTHER
def answers_substituted_again(plan, ask):
    def resolve(question, answers):
        return replaced(question, range(1, len(answers) + 1), answers)

    return answered(plan, ask, resolve)


@ONE_AFTER_THE_OTHER
def answers_substituted_again_from_the_last(plan, ask):
    def resolve(question, answers):
        return replaced(question, range(len(answers), 0, -1), answers)

    return answered(plan, ask, resolve)


@misconception(
    replaces="answer_plan",
    says="an answer is used as a pattern's replacement, in which a backslash means something",
    hint=r"The answer is C:\new. What does re.sub make of the \n in it?",
)
def backslashes_interpreted(plan, ask):
    def resolve(question, answers):
        for number in dict.fromkeys(map(int, REFERENCE.findall(question))):
            mark = rf"#{number}(?![0-9])"
            question = re.sub(mark, answers[number - 1].replace("#", "\0"), question)
        return question.replace("\0", "#")

    return answered(plan, ask, resolve)


@misconception(
    replaces="answer_plan",
    says="answers are not stripped",
    hint="Look at the ends of your answers with repr.",
)
def answers_not_stripped(plan, ask):
    check(plan)
    answers = []
    for question in plan:
        answers.append(ask(REFERENCE.sub(lambda match: answers[int(match[1]) - 1], question)))
    return answers


@misconception(
    replaces="answer_plan",
    says="references are looked at only when their sub-question is reached, "
    "after others have been asked",
    hint="The last step of the plan cannot be filled. How much was paid for the others by then?",
)
def checked_while_asking(plan, ask):
    answers = []
    for number, question in enumerate(plan, start=1):
        for reference in REFERENCE.findall(question):
            if not 1 <= int(reference) < number:
                raise ValueError(f"#{reference} is not above")
        answers.append(
            ask(REFERENCE.sub(lambda match: answers[int(match[1]) - 1], question)).strip()
        )
    return answers


# ── shortest_chain ────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="shortest_chain",
    says="the first chain found depth-first is returned, not the shortest",
    hint="The first link leads to the goal as well, by a long way round. What do you return?",
)
def depth_first(links, start, goal, max_hops):
    shortest_chain(links, start, goal, max_hops)

    def walk(chain):
        if chain[-1] == goal:
            return chain
        if len(chain) > max_hops:
            return None
        onward = (walk([*chain, node]) for node in links.get(chain[-1], []) if node not in chain)
        return next((found for found in onward if found), None)

    return walk([start])


@misconception(
    replaces="shortest_chain",
    says="the limit counts nodes, not links",
    hint="A chain of one link: how many nodes does it have?",
)
def hops_count_nodes(links, start, goal, max_hops):
    chain = shortest_chain(links, start, goal, max_hops)
    return chain if start == goal or (chain and len(chain) <= max_hops) else None


@misconception(
    replaces="shortest_chain",
    says="links are followed in both directions",
    hint="A page that links to yours: can you get there from yours?",
)
def both_directions(links, start, goal, max_hops):
    both = {node: list(onward) for node, onward in links.items()}
    for node, onward in links.items():
        for other in onward:
            both.setdefault(other, []).append(node)
    return shortest_chain(both, start, goal, max_hops)


@misconception(
    replaces="shortest_chain",
    says="of equally short chains the one is returned whose links come last",
    hint="Two chains are equally short. Which of them does your search meet first?",
)
def last_of_equals(links, start, goal, max_hops):
    backwards = {node: onward[::-1] for node, onward in links.items()}
    return shortest_chain(backwards, start, goal, max_hops)


@misconception(
    replaces="shortest_chain",
    says="a node that is in no list does not reach itself",
    hint="How many links does it take to stay where you are? Who has to know the node for that?",
)
def unknown_start_refused(links, start, goal, max_hops):
    chain = shortest_chain(links, start, goal, max_hops)
    return chain if start in links else None
