"""The wrong turns of RAG with checked citations."""

from autograder.suite import misconception
from solutions.rag.rag import (
    answer_question,
    build_prompt,
    check_citations,
    declines,
    is_supported,
    no_answer,
    numbers_of,
    one_line,
    prompt_with,
    unit_length,
)

# ── build_prompt ──────────────────────────────────────────────────────────────────────────────


def require_room(question, budget, count):
    """Raise if the prompt without sources is over budget."""
    if count(prompt_with(question, [])) > budget:
        raise ValueError("the prompt without sources is over budget")


def chosen(question, sources, budget, count, fits, stop=False, line=one_line):
    """Right but for what fits, whether the first misfit ends it, and the line of a source."""
    require_room(question, budget, count)
    texts, included = [], []
    for place, source in enumerate(sources):
        text = line(source)
        if not text.strip():
            continue
        if fits([*texts, text]):
            texts.append(text)
            included.append(place)
        elif stop:
            break
    return prompt_with(question, texts), included


SOURCES_ONLY = "the budget is compared with the sources alone, without instruction and question"
ASK_THE_PROMPT = "What does the model have to read besides the sources?"


def numbered(texts):
    """Return the lines of some sources."""
    return [f"[{number}] {text}" for number, text in enumerate(texts, start=1)]


@misconception(replaces="build_prompt", says=SOURCES_ONLY, hint=ASK_THE_PROMPT)
def counts_sources_only(question, sources, budget, count):
    def fits(texts):
        return count("\n".join(numbered(texts))) <= budget

    return chosen(question, sources, budget, count, fits)


@misconception(
    id="counts_sources_only", replaces="build_prompt", says=SOURCES_ONLY, hint=ASK_THE_PROMPT
)
def counts_texts_only(question, sources, budget, count):
    def fits(texts):
        return count("\n".join(texts)) <= budget

    return chosen(question, sources, budget, count, fits)


def summed(question, sources, budget, count, line, used=0):
    """Add up the counts of the sources one by one."""
    require_room(question, budget, count)
    texts, included = [], []
    for place, source in enumerate(sources):
        text = one_line(source)
        if text:
            size = count(line(len(texts) + 1, text))
            if used + size <= budget:
                used += size
                texts.append(text)
                included.append(place)
    return prompt_with(question, texts), included


@misconception(
    id="counts_sources_only", replaces="build_prompt", says=SOURCES_ONLY, hint=ASK_THE_PROMPT
)
def adds_up_texts(question, sources, budget, count):
    return summed(question, sources, budget, count, lambda number, text: text)


@misconception(
    id="counts_sources_only", replaces="build_prompt", says=SOURCES_ONLY, hint=ASK_THE_PROMPT
)
def adds_up_lines(question, sources, budget, count):
    return summed(question, sources, budget, count, lambda number, text: f"[{number}] {text}")


@misconception(
    id="counts_sources_only", replaces="build_prompt", says=SOURCES_ONLY, hint=ASK_THE_PROMPT
)
def adds_up_lines_and_ends(question, sources, budget, count):
    return summed(question, sources, budget, count, lambda number, text: f"[{number}] {text}\n")


@misconception(
    replaces="build_prompt",
    says="the first source that does not fit ends the search, though later ones would fit",
    hint="The second source is long and the third is short. Who gets in?",
)
def stops_at_first_misfit(question, sources, budget, count):
    def fits(texts):
        return count(prompt_with(question, texts)) <= budget

    return chosen(question, sources, budget, count, fits, stop=True)


def with_numbers(question, lines):
    """Return the prompt that holds some numbered lines."""
    return prompt_with(question, ["?"]).replace("[1] ?", "\n".join(lines))


def gapped(question, sources, budget, count, number):
    """Right but for the number of a source."""
    require_room(question, budget, count)
    lines, included, prompt, tried = [], [], prompt_with(question, []), 0
    for place, source in enumerate(sources):
        text = one_line(source)
        if text:
            tried += 1
            longer = [*lines, f"[{number(place, tried)}] {text}"]
            if count(with_numbers(question, longer)) <= budget:
                lines, prompt = longer, with_numbers(question, longer)
                included.append(place)
    return prompt, included


GAPS = "sources keep the number of their rank, so skipped ones leave gaps"
WHICH_NUMBER = "The second of three sources is skipped. Which number has the third?"


@misconception(replaces="build_prompt", says=GAPS, hint=WHICH_NUMBER)
def numbers_with_gaps(question, sources, budget, count):
    return gapped(question, sources, budget, count, lambda place, tried: place + 1)


@misconception(id="numbers_with_gaps", replaces="build_prompt", says=GAPS, hint=WHICH_NUMBER)
def gaps_but_for_blank_ones(question, sources, budget, count):
    return gapped(question, sources, budget, count, lambda place, tried: tried)


@misconception(
    replaces="build_prompt",
    says="a prompt of exactly the budget is refused",
    hint="At most the budget: is that less, or may it be as much?",
)
def below_the_budget(question, sources, budget, count):
    def fits(texts):
        return count(prompt_with(question, texts)) < budget

    return chosen(question, sources, budget, count, fits)


@misconception(
    replaces="build_prompt",
    says="a source keeps its line breaks, so it can forge a line such as `[2] …`",
    hint="What does the prompt look like when a source holds a line that begins with [2]?",
)
def line_breaks_kept(question, sources, budget, count):
    def fits(texts):
        return count(prompt_with(question, texts)) <= budget

    return chosen(question, sources, budget, count, fits, line=lambda source: source)


@misconception(
    replaces="build_prompt",
    says="the counts of the parts are added up, but a count is not additive",
    hint="Is the count of two texts put together always the sum of their counts?",
)
def counts_parts(question, sources, budget, count):
    base = count(prompt_with(question, []))
    if base > budget:
        raise ValueError("the prompt without sources is over budget")
    texts, included = [], []
    for place, source in enumerate(sources):
        text = one_line(source)
        if text:
            size = count(f"[{len(texts) + 1}] {text}")
            if base + size <= budget:
                base += size
                texts.append(text)
                included.append(place)
    return prompt_with(question, texts), included


# ── check_citations ───────────────────────────────────────────────────────────────────────────


def statements_of(answer):
    """Return the stripped lines that are not blank."""
    return [line.strip() for line in answer.splitlines() if line.strip()]


@misconception(
    replaces="check_citations",
    says="citations are read as counting from zero",
    hint="Which number stands before the first source of the prompt?",
)
def zero_based(answer, sources):
    statements = statements_of(answer)
    numbers = list(dict.fromkeys(n for line in statements for n in numbers_of(line)))

    def supported(line):
        own = numbers_of(line)
        if not own or not all(0 <= n < len(sources) for n in own):
            return False
        texts = [one_line(sources[n].lower()) for n in own]
        quoted = [one_line(q.lower()) for q in line.split('"')[1 : line.count('"') : 2]]
        return all(any(q in text for text in texts) for q in quoted)

    return {
        "cited": [n for n in numbers if 0 <= n < len(sources)],
        "invalid": [n for n in numbers if not 0 <= n < len(sources)],
        "unsupported": [line for line in statements if not supported(line)],
    }


def unsupported(answer, sources, supported):
    """Right but for which statements are supported."""
    statements = [line for line in statements_of(answer) if not supported(line)]
    return {**check_citations(answer, sources), "unsupported": statements}


@misconception(
    replaces="check_citations",
    says="one cited line makes all lines count as supported",
    hint="Which statement of the answer has no source at its own line?",
)
def one_citation_is_enough(answer, sources):
    given = check_citations(answer, sources)
    return {**given, "unsupported": [] if given["cited"] else given["unsupported"]}


@misconception(
    replaces="check_citations",
    says="a quotation is looked for in all sources, not in those the line cites",
    hint="The quotation is in source 2, and the line cites source 1. Can a reader find it?",
)
def quote_in_any_source(answer, sources):
    def supported(line):
        plain = line.replace('"', "")
        held = is_supported(" ".join([line, f"[{', '.join(every)}]"]), sources)
        return is_supported(plain, sources) and held

    every = [str(n + 1) for n in range(len(sources))]
    return unsupported(answer, sources, supported)


@misconception(
    replaces="check_citations",
    says="quotations are not checked at all",
    hint="Which words of the answer claim to be the source's own?",
)
def quotations_not_checked(answer, sources):
    def supported(line):
        return is_supported(line.replace('"', ""), sources)

    return unsupported(answer, sources, supported)


@misconception(
    replaces="check_citations",
    says="a quotation has to agree with its source in case and white space",
    hint="Is a quotation wrong because it begins a sentence?",
)
def quotations_to_the_letter(answer, sources):
    def supported(line):
        quoted = line.split('"')[1 : line.count('"') : 2]
        numbers = [n for n in numbers_of(line) if 1 <= n <= len(sources)]
        held = all(any(q in sources[n - 1] for n in numbers) for q in quoted)
        return held and is_supported(line, sources)

    return unsupported(answer, sources, supported)


@misconception(
    replaces="check_citations",
    says="a line that cites an existing source is supported, though it cites others that do not "
    "exist",
    hint="A line cites [1, 9]. May a reader trust it?",
)
def invalid_beside_valid_is_fine(answer, sources):
    def supported(line):
        valid = [str(n) for n in numbers_of(line) if 1 <= n <= len(sources)]
        bare = line.replace("[", "(").replace("]", ")")
        return bool(valid) and is_supported(f"{bare} [{', '.join(valid)}]", sources)

    return unsupported(answer, sources, supported)


@misconception(
    replaces="check_citations",
    says="only markers with a single number are seen, so [1, 3] cites nothing",
    hint="Which two forms of a marker does the instruction name?",
)
def single_numbers_only(answer, sources):
    def hidden(line):
        for marker in line.split("[")[1:]:
            inside = marker.split("]")[0]
            if "," in inside:
                line = line.replace(f"[{inside}]", f"({inside})")
        return line

    seen = check_citations("\n".join(map(hidden, statements_of(answer))), sources)

    def supported(line):
        return is_supported(hidden(line), sources)

    return unsupported(answer, sources, supported) | {
        "cited": seen["cited"],
        "invalid": seen["invalid"],
    }


@misconception(
    replaces="check_citations",
    says="a number is listed as often as it is cited",
    hint="How many sources does an answer have that cites [1] in every line?",
)
def numbers_repeated(answer, sources):
    numbers = [n for line in statements_of(answer) for n in numbers_of(line)]
    return {
        **check_citations(answer, sources),
        "cited": [n for n in numbers if 1 <= n <= len(sources)],
        "invalid": [n for n in numbers if not 1 <= n <= len(sources)],
    }


# ── answer_question ───────────────────────────────────────────────────────────────────────────


def retrieved(question, vectors, embed, k, min_score):
    """Return the positions of the documents to put into the prompt, best first."""
    cosines = unit_length(vectors) @ unit_length(embed(question)[None])[0]
    best = cosines.argsort(descending=True, stable=True)[:k].tolist()
    return [place for place in best if cosines[place] >= min_score]


def answered(
    question,
    documents,
    found,
    model,
    count,
    budget,
    attempts,
    ask=lambda found, included: bool(found and included),
    trust=lambda reply, texts: bool(reply) and not check_citations(reply, texts)["unsupported"],
    declined=declines,
    sources=lambda places, found, cited: [places[number - 1] for number in cited],
):
    """Right but for when the model is asked, whom it believes, or what it says then."""
    if not found and not ask(found, []):
        return no_answer("no_sources")
    prompt, included = build_prompt(question, [documents[i] for i in found], budget, count)
    if not ask(found, included):
        return no_answer("no_sources")
    places = [found[i] for i in included]
    texts = [documents[place] for place in places]
    for _ in range(attempts):
        reply = model(prompt).strip()
        if declined(reply):
            return no_answer("declined")
        if trust(reply, texts):
            cited = sources(places, found, check_citations(reply, texts)["cited"])
            return {"status": "answered", "answer": reply, "sources": cited}
    return no_answer("unverified")


def require(k, attempts):
    """Raise if a number is too small."""
    if k < 1 or attempts < 1:
        raise ValueError("k and attempts must be at least 1")


@misconception(
    replaces="answer_question",
    says="the model is asked although no document is similar enough",
    hint="What can a model say that has a question and no source?",
)
def asks_without_sources(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, min_score)
    return answered(question, documents, found, model, count, budget, attempts, ask=lambda *_: True)


@misconception(
    replaces="answer_question",
    says="the k best documents go into the prompt, however little they resemble the question",
    hint="Which of your arguments does the result not depend on?",
)
def threshold_ignored(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, -2.0)
    return answered(question, documents, found, model, count, budget, attempts)


@misconception(
    replaces="answer_question",
    says="the reply is returned without its citations being checked",
    hint="The model makes up a source [7]. Who notices?",
)
def trusts_the_reply(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, min_score)
    return answered(
        question,
        documents,
        found,
        model,
        count,
        budget,
        attempts,
        trust=lambda reply, texts: bool(reply),
    )


@misconception(
    replaces="answer_question",
    says="a citation number is taken for the document's position, not for the prompt's numbering",
    hint="Which document is number 1 of the prompt?",
)
def cites_by_rank_of_document(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, min_score)
    return answered(
        question,
        documents,
        found,
        model,
        count,
        budget,
        attempts,
        sources=lambda places, found, cited: [number - 1 for number in cited],
    )


@misconception(
    replaces="answer_question",
    says="a citation number is taken for the rank among the retrieved documents, though some of "
    "them did not get into the prompt",
    hint="The best document did not fit. Which one is number 1?",
)
def cites_by_rank_of_retrieval(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, min_score)
    return answered(
        question,
        documents,
        found,
        model,
        count,
        budget,
        attempts,
        sources=lambda places, found, cited: [found[number - 1] for number in cited],
    )


@misconception(
    replaces="answer_question",
    says="all sources of the prompt are returned, not those that the answer cites",
    hint="Which documents does a reader have to open to check the answer?",
)
def all_included_are_cited(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, min_score)
    return answered(
        question,
        documents,
        found,
        model,
        count,
        budget,
        attempts,
        sources=lambda places, found, cited: places,
    )


@misconception(
    replaces="answer_question",
    says="the model is asked once, whatever attempts is",
    hint="The first reply lacks a citation. What happens next?",
)
def asks_once(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    return answer_question(
        question, documents, vectors, embed, model, count, k, min_score, budget, 1
    )


@misconception(
    replaces="answer_question",
    says="that the model does not know is treated as a statement without a source",
    hint="Has a reply that declines anything to support?",
)
def declining_is_unsupported(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = retrieved(question, vectors, embed, k, min_score)
    return answered(
        question, documents, found, model, count, budget, attempts, declined=lambda reply: False
    )


@misconception(
    replaces="answer_question",
    says="documents go into the prompt in their own order, not best first",
    hint="The budget has room for one source. Which one should that be?",
)
def in_the_order_of_the_documents(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    found = sorted(retrieved(question, vectors, embed, k, min_score))
    return answered(question, documents, found, model, count, budget, attempts)


@misconception(
    replaces="answer_question",
    says="documents are ranked by the inner product, not by the cosine",
    hint="Make one vector ten times as long. For which questions is its document the best?",
)
def ranked_by_inner_product(
    question,
    documents,
    vectors,
    embed,
    model,
    count,
    k=4,
    min_score=0.3,
    budget=1000,
    attempts=2,
):
    require(k, attempts)
    products = vectors @ embed(question)
    best = products.argsort(descending=True, stable=True)[:k].tolist()
    found = [place for place in best if products[place] >= min_score]
    return answered(question, documents, found, model, count, budget, attempts)
