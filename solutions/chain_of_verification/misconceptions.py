"""The wrong turns of chain of verification."""

import re

from autograder.suite import misconception
from solutions.chain_of_verification.chain_of_verification import (
    LINE,
    ask,
    can_be_replaced,
    parse_plan,
    verdict_of,
    verify_claims,
)

# ── parse_plan ────────────────────────────────────────────────────────────────────────────────


def planned(text, draft, line=LINE, keep=can_be_replaced, repeats=False, dropped_closes=True):
    """Parse a plan with one part done in another way."""
    plan, questions = {}, None
    for one in text.splitlines():
        found = line.match(one)
        if found is None:
            continue
        kind, content = found[1].lower(), found[2]
        if kind == "claim":
            if content in plan or keep(content, draft, list(plan)):
                questions = plan.setdefault(content, [])
            elif dropped_closes:
                questions = None
        elif questions is not None and content and (repeats or content not in questions):
            questions.append(content)
    return list(plan.items())


@misconception(
    replaces="parse_plan",
    says="lines that begin with a number or a bullet are not recognised",
    hint="How does a model write a list? Print the lines that you skip.",
)
def list_markers_missed(text, draft):
    line = re.compile(r"^\s*(claim|question)\s*:\s*(.*?)\s*$", re.IGNORECASE)
    return planned(text, draft, line=line)


@misconception(
    replaces="parse_plan",
    says="claims that the draft does not contain are kept",
    hint="What will you replace in the draft when such a claim is contradicted?",
)
def invented_claims_kept(text, draft):
    def keep(claim, draft, kept):
        return bool(claim) and (claim not in draft or can_be_replaced(claim, draft, inside(kept)))

    def inside(kept):
        return [claim for claim in kept if claim in draft]

    return planned(text, draft, keep=keep)


@misconception(
    replaces="parse_plan",
    says="claims that overlap another one in the draft are kept",
    hint="Two claims share a word of the draft. Can both be replaced?",
)
def overlapping_claims_kept(text, draft):
    return planned(text, draft, keep=lambda claim, draft, kept: claim and claim in draft)


@misconception(
    replaces="parse_plan",
    says="the questions under a dropped claim go to the claim before it",
    hint="A claim is dropped. Whose are the questions below it?",
)
def questions_of_dropped_claims_kept(text, draft):
    return planned(text, draft, dropped_closes=False)


@misconception(
    replaces="parse_plan",
    says="a question that is repeated within a claim is kept again",
    hint="What will asking it a second time tell you?",
)
def repeated_questions_kept(text, draft):
    return planned(text, draft, repeats=True)


@misconception(
    replaces="parse_plan",
    says="claims without a question are left out",
    hint="Nobody can check the claim. Does that make it disappear from the draft?",
)
def claims_without_questions_dropped(text, draft):
    return [(claim, questions) for claim, questions in parse_plan(text, draft) if questions]


@misconception(
    replaces="parse_plan",
    says="the words claim and question are recognised in one writing only",
    hint="Does your pattern ignore case?",
)
def case_matters(text, draft):
    pattern = LINE.pattern.replace("(claim|question)", "(Claim|Question)")
    return planned(text, draft, line=re.compile(pattern))


@misconception(
    id="case_matters",
    replaces="parse_plan",
    says="the words claim and question are recognised in one writing only",
    hint="Does your pattern ignore case?",
)
def case_matters_in_lower_case(text, draft):
    return planned(text, draft, line=re.compile(LINE.pattern))


@misconception(
    replaces="parse_plan",
    says="a claim counts as contained in the draft in whatever case it is written",
    hint="At which position will you replace it?",
)
def found_in_any_case(text, draft):
    def keep(claim, draft, kept):
        return can_be_replaced(claim.lower(), draft.lower(), [one.lower() for one in kept])

    return planned(text, draft, keep=keep)


# ── verify_claims ─────────────────────────────────────────────────────────────────────────────


def verified(
    plan,
    model,
    templates,
    shown="{question}",
    verdict=verdict_of,
    over=("contradicted", "supported"),
    asking=ask,
    answers_first=False,
):
    """Verify claims with one part done in another way."""

    def answer(claim, question):
        seen = shown.format(claim=claim, question=question)
        return asking(model, templates["answer"], question=seen)

    checked = []
    for claim, questions in plan:
        given = {}
        if answers_first:
            given = {question: answer(claim, question) for question in questions}
        checks = []
        for question in questions:
            reply = given[question] if answers_first else answer(claim, question)
            judged = asking(model, templates["check"], claim=claim, question=question, answer=reply)
            checks.append({"question": question, "answer": reply, "verdict": verdict(judged)})
        verdicts = [check["verdict"] for check in checks]
        final = next((one for one in over if one in verdicts), "unknown")
        checked.append({"claim": claim, "verdict": final, "checks": checks})
    return checked


in_sight = misconception(
    id="claim_in_sight",
    replaces="verify_claims",
    says="the claim is shown together with the verification question, so the model repeats its own "
    "mistake",
    hint="Print the prompt that answers a question. Does it hold anything of the draft?",
)


@in_sight
def claim_before_question(plan, model, templates):
    return verified(plan, model, templates, shown="{claim} {question}")


@in_sight
def claim_above_question(plan, model, templates):
    return verified(plan, model, templates, shown="{claim}\n{question}")


@in_sight
def claim_far_above_question(plan, model, templates):
    return verified(plan, model, templates, shown="{claim}\n\n{question}")


@in_sight
def claim_after_question(plan, model, templates):
    return verified(plan, model, templates, shown="{question} {claim}")


@in_sight
def claim_below_question(plan, model, templates):
    return verified(plan, model, templates, shown="{question}\n{claim}")


@in_sight
def claim_far_below_question(plan, model, templates):
    return verified(plan, model, templates, shown="{question}\n\n{claim}")


@in_sight
def claim_named_above_question(plan, model, templates):
    return verified(plan, model, templates, shown="Claim: {claim}\nQuestion: {question}")


@in_sight
def claim_named_beside_question(plan, model, templates):
    return verified(plan, model, templates, shown="Claim: {claim} Question: {question}")


@in_sight
def claim_named_above(plan, model, templates):
    return verified(plan, model, templates, shown="Claim: {claim}\n{question}")


@misconception(
    replaces="verify_claims",
    says='the verdict is searched anywhere in the reply, so "not contradicted" counts as '
    "contradicted",
    hint="The model says 'Not contradicted'. Which verdict do you read?",
)
def verdict_by_substring(plan, model, templates):
    def verdict(reply):
        words = ("contradicted", "supported")
        return next((word for word in words if word in reply.lower()), "unknown")

    return verified(plan, model, templates, verdict=verdict)


@misconception(
    replaces="verify_claims",
    says="one supporting check is enough, even when another check contradicts the claim",
    hint="A claim of two facts: one check supports the first, another contradicts the second.",
)
def support_outweighs(plan, model, templates):
    return verified(plan, model, templates, over=("supported", "contradicted"))


@misconception(
    id="support_outweighs",
    replaces="verify_claims",
    says="one supporting check is enough, even when another check contradicts the claim",
    hint="A claim of two facts: one check supports the first, another contradicts the second.",
)
def support_outweighs_after_all_answers(plan, model, templates):
    return verified(plan, model, templates, over=("supported", "contradicted"), answers_first=True)


@misconception(
    replaces="verify_claims",
    says="placeholders are filled one after the other, so braces inside a value are filled as well",
    hint="A claim is about {answer}. What does your second replacement make of it?",
)
def filled_in_turn(plan, model, templates):
    def asking(model, template, **values):
        for name, value in values.items():
            template = template.replace("{" + name + "}", value)
        return model(template).strip()

    return verified(plan, model, templates, asking=asking)


@misconception(
    replaces="verify_claims",
    says="the last check decides about the claim",
    hint="Exchange the questions of a claim. Does its verdict change?",
)
def last_check_decides(plan, model, templates):
    checked = verify_claims(plan, model, templates)
    return [
        {**entry, "verdict": entry["checks"][-1]["verdict"] if entry["checks"] else "unknown"}
        for entry in checked
    ]


@misconception(
    replaces="verify_claims",
    says="a single check in doubt makes the claim unknown",
    hint="One check supports a claim and another found nothing. What is known?",
)
def doubt_outweighs_support(plan, model, templates):
    return verified(plan, model, templates, over=("contradicted", "unknown", "supported"))


@misconception(
    replaces="verify_claims",
    says="the majority of the checks decides, so one contradiction can be outvoted",
    hint="Two checks support a claim and one shows that it is wrong. Is it right?",
)
def majority_of_checks(plan, model, templates):
    checked = verify_claims(plan, model, templates)
    for entry in checked:
        verdicts = [check["verdict"] for check in entry["checks"]]
        order = ("contradicted", "supported", "unknown")
        entry["verdict"] = max(order, key=verdicts.count) if verdicts else "unknown"
    return checked


@misconception(
    replaces="verify_claims",
    says="verdicts in capital letters are not recognised",
    hint="Is 'Supported' another word than 'supported'?",
)
def verdict_in_lower_case_only(plan, model, templates):
    def verdict(reply):
        word = re.search(r"[A-Za-z]+", reply)
        return word[0] if word and word[0] in ("supported", "contradicted") else "unknown"

    return verified(plan, model, templates, verdict=verdict)


@misconception(
    replaces="verify_claims",
    says="the first word is read with the punctuation around it, so 'Supported.' is unknown",
    hint="Print the word that you compare. What hangs on to it?",
)
def punctuation_in_the_verdict(plan, model, templates):
    def verdict(reply):
        word = [*reply.lower().split(), ""][0]
        return word if word in ("supported", "contradicted") else "unknown"

    return verified(plan, model, templates, verdict=verdict)


@misconception(
    replaces="verify_claims",
    says="the whole reply must be the verdict, so one with a reason is unknown",
    hint="Models like to explain themselves. What do you read in 'Contradicted: it was 1889'?",
)
def verdict_must_be_all(plan, model, templates):
    def verdict(reply):
        reply = reply.strip(" .*").lower()
        return reply if reply in ("supported", "contradicted") else "unknown"

    return verified(plan, model, templates, verdict=verdict)


@misconception(
    replaces="verify_claims",
    says="replies are used with the white space around them",
    hint="Print the answer with repr. What is around it?",
)
def replies_not_stripped(plan, model, templates):
    def asking(model, template, **values):
        return model(template.format(**values))

    return verified(plan, model, templates, asking=asking)


# ── revise ────────────────────────────────────────────────────────────────────────────────────


def revised(
    draft,
    checked,
    model,
    templates,
    rewrite=("contradicted",),
    against=("contradicted",),
    put=None,
):
    """Revise a draft with one part done in another way."""
    original, corrections = draft, []
    for entry in checked:
        claim = entry["claim"]
        if entry["verdict"] not in rewrite or claim not in original:
            continue
        evidence = "\n".join(
            f"Q: {check['question']}\nA: {check['answer']}"
            for check in entry["checks"]
            if check["verdict"] in against
        )
        reply = ask(model, templates["revise"], claim=claim, evidence=evidence)
        if put:
            draft = put(draft, claim, reply)
        corrections.append((original.index(claim), len(claim), reply))
    if put:
        return draft
    for start, length, reply in sorted(corrections, reverse=True):
        draft = draft[:start] + reply + draft[start + length :]
    return draft


@misconception(
    replaces="revise",
    says="claims that could not be verified are rewritten as well; only contradicted ones should "
    "be",
    hint="Nobody could say whether the claim is right. What is the new version based on?",
)
def unverified_rewritten(draft, checked, model, templates):
    return revised(draft, checked, model, templates, rewrite=("contradicted", "unknown"))


@misconception(
    id="unverified_rewritten",
    replaces="revise",
    says="claims that could not be verified are rewritten as well; only contradicted ones should "
    "be",
    hint="Nobody could say whether the claim is right. What is the new version based on?",
)
def unverified_rewritten_by_its_checks(draft, checked, model, templates):
    both = ("contradicted", "unknown")
    return revised(draft, checked, model, templates, rewrite=both, against=both)


@misconception(
    replaces="revise",
    says="every claim is rewritten, also those that were supported",
    hint="What can happen to a claim that was right when a model writes it once more?",
)
def all_claims_rewritten(draft, checked, model, templates):
    every = ("contradicted", "unknown", "supported")
    return revised(draft, checked, model, templates, rewrite=every)


@misconception(
    replaces="revise",
    says="every occurrence of the claim's text is replaced, not only the first",
    hint="The claim's text occurs once more in another sentence. What becomes of that?",
)
def replaced_everywhere(draft, checked, model, templates):
    return revised(draft, checked, model, templates, put=str.replace)


@misconception(
    replaces="revise",
    says="each claim is looked for in the text that the corrections before have left",
    hint="A correction holds the text of the next claim. Which of the two is replaced?",
)
def one_after_another(draft, checked, model, templates):
    def put(draft, claim, reply):
        return draft.replace(claim, reply, 1)

    return revised(draft, checked, model, templates, put=put)


@misconception(
    replaces="revise",
    says="supporting checks are passed as evidence too",
    hint="What should the model make of evidence that speaks for the mistake?",
)
def all_checks_as_evidence(draft, checked, model, templates):
    every = ("contradicted", "unknown", "supported")
    return revised(draft, checked, model, templates, against=every)


@misconception(
    id="all_checks_as_evidence",
    replaces="revise",
    says="supporting checks are passed as evidence too",
    hint="What should the model make of evidence that speaks for the mistake?",
)
def all_known_checks_as_evidence(draft, checked, model, templates):
    return revised(draft, checked, model, templates, against=("contradicted", "supported"))


@misconception(
    replaces="revise",
    says="an empty reply leaves the claim as it was; it should delete it",
    hint="The model has nothing right to put in the claim's place. Should the mistake stay?",
)
def empty_reply_ignored(draft, checked, model, templates):
    def asked(prompt):
        return model(prompt).strip() or claims[prompt]

    claims = {}
    for entry in checked:
        against = [check for check in entry["checks"] if check["verdict"] == "contradicted"]
        evidence = "\n".join(f"Q: {check['question']}\nA: {check['answer']}" for check in against)
        claims[templates["revise"].format(claim=entry["claim"], evidence=evidence)] = entry["claim"]
    return revised(draft, checked, asked, templates)


@misconception(
    replaces="revise",
    says="the white space around a claim that was deleted is tidied up",
    hint="Which characters of the draft belong to the claim?",
)
def space_tidied(draft, checked, model, templates):
    text = revised(draft, checked, model, templates)
    return re.sub(r" {2,}", " ", text) if text != draft else text
