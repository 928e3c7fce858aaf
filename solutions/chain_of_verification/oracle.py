"""A second implementation, written to have nothing in common with the first."""

import re
import string


def parse_plan(text, draft):
    claims, open_claim, covered = [], None, set()
    for line in text.splitlines():
        line = re.sub(r"^\s*([-*]|\d+[.)])?", "", line, count=1).strip()
        name, colon, content = line.partition(":")
        name, content = name.strip().lower(), content.strip()
        if not colon or name not in ("claim", "question"):
            continue
        if name == "question":
            if open_claim and content and content not in open_claim[1]:
                open_claim[1].append(content)
            continue
        open_claim = next((one for one in claims if one[0] == content), None)
        place = draft.find(content)
        span = set(range(place, place + len(content)))
        if open_claim is None and content and place >= 0 and not span & covered:
            covered |= span
            open_claim = (content, [])
            claims.append(open_claim)
    return claims


def filled(template, values):
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], template)


def first_word(reply):
    letters = [c if c in string.ascii_letters else " " for c in reply]
    words = "".join(letters).lower().split()
    return words[0] if words and words[0] in {"supported", "contradicted"} else "unknown"


def verify_claims(plan, model, templates):
    # All answers come first, then all checks.
    answers = [
        [model(filled(templates["answer"], {"question": q})).strip() for q in questions]
        for _, questions in plan
    ]
    result = []
    for (claim, questions), given in zip(plan, answers, strict=True):
        checks = []
        for question, answer in zip(questions, given, strict=True):
            values = {"claim": claim, "question": question, "answer": answer}
            verdict = first_word(model(filled(templates["check"], values)).strip())
            checks.append({"question": question, "answer": answer, "verdict": verdict})
        found = {check["verdict"] for check in checks}
        verdict = "supported" if "supported" in found else "unknown"
        if "contradicted" in found:
            verdict = "contradicted"
        result.append({"claim": claim, "verdict": verdict, "checks": checks})
    return result


def revise(draft, checked, model, templates):
    pieces = {}
    for one in checked:
        place = draft.find(one["claim"])
        if one["verdict"] == "contradicted" and place >= 0:
            lines = []
            for check in one["checks"]:
                if check["verdict"] == "contradicted":
                    lines += ["Q: " + check["question"], "A: " + check["answer"]]
            values = {"claim": one["claim"], "evidence": "\n".join(lines)}
            pieces[place] = one["claim"], model(filled(templates["revise"], values)).strip()
    out, place = "", 0
    while place < len(draft):
        claim, correction = pieces.get(place, (draft[place], draft[place]))
        out, place = out + correction, place + len(claim)
    return out


def chain_of_verification(question, model, templates):
    draft = model(filled(templates["draft"], {"question": question})).strip()
    text = model(filled(templates["plan"], {"question": question, "draft": draft})).strip()
    checked = verify_claims(parse_plan(text, draft), model, templates)
    return {"draft": draft, "checked": checked, "answer": revise(draft, checked, model, templates)}
