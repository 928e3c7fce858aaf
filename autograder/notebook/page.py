"""A judgement as a notebook shows it: HTML that needs no script, and plain text.

Hints open one after another by `<details>` alone, colours are those of the page around (JupyterLab
names them, elsewhere they come from the text's own), and nothing of a submission can be markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources

from autograder.catalog import CatalogError, Kata
from autograder.classroom.feedback import MEANING
from autograder.classroom.markup import Html, tag
from autograder.notebook.judge import Judge, Judgement, Request
from autograder.report import (
    Report,
    Verdict,
    cause,
    explain,
    number,
    task_points,
)
from autograder.sandbox.submission import Source
from autograder.suite.kernels import is_cuda


class Result:
    """A judgement with its representations, for IPython's `display`."""

    def __init__(self, kata: Kata, judgement: Judgement, notes: Sequence[str] = ()) -> None:
        assert judgement.report is not None
        self.kata, self.judgement, self.notes = kata, judgement, tuple(notes)
        self.report: Report = judgement.report

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        return page(self.kata, self.judgement, self.notes)

    def __repr__(self) -> str:
        return plain(self.kata, self.judgement, self.notes)


# -- plain text ---------------------------------------------------------------------------------


def plain(kata: Kata, judgement: Judgement, notes: Sequence[str] = ()) -> str:
    """Return what `kata test` prints."""
    report = judgement.report
    assert report is not None
    parts: list[str] = [*warnings(judgement), *notes]
    for first, *others in _causes(_failed(report.verdicts)):
        text = explain(first)
        if others:
            text += "\n\nfor the same reason:"
        parts.append("\n  ".join([text, *(other.sentence for other in others)]))
    missing = _missing(report)
    if missing:
        parts.append(f"not written yet: {', '.join(missing)}")
    points = ", ".join(
        f"{task} {number(got)}/{number(worth)}"
        for task, (got, worth) in _scores(kata, report).items()
    )
    parts.append(f"{kata.name}: {_total(kata, report)} ({points})")
    return "\n\n".join(parts)


def warnings(judgement: Judgement) -> list[str]:
    """Return what has to be said loudly: that the code ran with its owner's rights."""
    if judgement.trusted:
        return ["Judged without the sandbox (--trust): the code ran with all your rights."]
    if judgement.missing:
        return [
            f"No full sandbox on this machine ({', '.join(judgement.missing)} missing): the code "
            "ran in a process of its own, but with your rights. `kata doctor` says more."
        ]
    return []


def _failed(verdicts: Iterable[Verdict]) -> list[Verdict]:
    return [v for v in verdicts if v.verdict not in ("passed", "skipped", "unimplemented")]


def _causes(failed: Sequence[Verdict]) -> Iterable[list[Verdict]]:
    """Group failures by what they have in common, so that it is told once."""
    causes: dict[object, list[Verdict]] = {}
    for verdict in failed:
        causes.setdefault(cause(verdict) or (verdict.verdict, verdict.test), []).append(verdict)
    return causes.values()


def _missing(report: Report) -> list[str]:
    """Return the tasks that are not written yet."""
    return list(
        dict.fromkeys(v.task for v in report.verdicts if v.verdict == "unimplemented" and v.task)
    )


def _scores(kata: Kata, report: Report) -> dict[str, tuple[float, float]]:
    """Return what each task got of what: points, or examples where there are no other tests."""
    if kata.suite.is_file():
        return task_points(kata, report.verdicts)
    own = {task: [v for v in report.verdicts if v.task == task] for task in kata.task_names}
    return {task: (sum(v.verdict == "passed" for v in of), len(of)) for task, of in own.items()}


def _total(kata: Kata, report: Report) -> str:
    if kata.suite.is_file():
        return f"{number(report.points)} of {number(report.max_points)} points"
    passed = sum(verdict.verdict == "passed" for verdict in report.verdicts)
    return f"{passed} of {len(report.verdicts)} examples; the other tests are not in this copy"


# -- HTML ---------------------------------------------------------------------------------------


def page(kata: Kata, judgement: Judgement, notes: Sequence[str] = ()) -> str:
    """Return the report as a fragment of HTML with its style."""
    report = judgement.report
    assert report is not None
    solved = all(verdict.verdict in ("passed", "skipped") for verdict in report.verdicts)
    failed = _failed(report.verdicts)
    return tag(
        "div",
        tag("style", Html(_style())),
        tag(
            "div",
            tag("span", kata.title, class_="kata-title"),
            " ",  # seen where a page takes styles away, as of a notebook that is not trusted
            tag(
                "span",
                _total(kata, report),
                class_="kata-total kata-good" if solved else "kata-total",
            ),
            class_="kata-head",
        ),
        [tag("p", text, class_="kata-warning", role="alert") for text in warnings(judgement)],
        [tag("p", text, class_="kata-note") for text in notes],
        tag("table", tag("tbody", *_tasks(kata, report)), class_="kata-tasks"),
        *(_task(task, failed, judgement) for task in dict.fromkeys(v.task for v in failed)),
        _passed(kata, judgement),
        class_="kata-report",
    )


def judged_page(
    kata: Kata, given: Source | None = None, *, seed: int = 0, sandbox: bool = False
) -> tuple[str, Report]:
    """Judge a source (the stub where None) and return the report as a page of its own.

    Raises:
        CatalogError: if it could not be judged.
    """
    source = given or Source.of_file(kata.stub)
    judgement = Judge().answer(Request(str(kata.folder), source, not sandbox, seed))
    if judgement.report is None:
        raise CatalogError(judgement.error or f"{kata.name} could not be judged")
    judgement.trusted = False  # whoever runs it here knows
    head = f"<!doctype html><html lang='en'><meta charset='utf-8'>{tag('title', kata.title)}"
    style = ":root { color-scheme: light dark; } body { margin: 1rem; }"
    body = page(kata, judgement)
    return f"{head}{tag('style', Html(style))}{body}</html>\n", judgement.report


@cache
def _style() -> str:
    path = resources.files("autograder.notebook").joinpath("report.css")
    return " ".join(path.read_text(encoding="utf-8").split())


def _tasks(kata: Kata, report: Report) -> Iterable[Html]:
    missing = _missing(report)
    failed = _failed(report.verdicts)
    for task, (got, worth) in _scores(kata, report).items():
        right = got >= worth > 0
        wrong = sum(v.task == task for v in failed)
        state = (
            "all right"
            if right
            else f"{wrong} {'test fails' if wrong == 1 else 'tests fail'}"
            if wrong
            else "not written yet"
            if task in missing
            else ""
        )
        share = 100 * got / worth if worth else 0
        bar = tag("span", tag("span", style=f"width:{share:.0f}%"), class_="kata-bar")
        yield tag(
            "tr",
            tag("th", tag("code", task), scope="row"),
            tag("td", bar, aria_hidden="true"),
            tag("td", f"{number(got)} / {number(worth)}", class_="kata-number"),
            tag(
                "td",
                state,
                class_="kata-state kata-good" if right else "kata-state kata-quiet",
            ),
        )


def _task(task: str | None, failed: Sequence[Verdict], judgement: Judgement) -> Html:
    """Return the failures of one task, each cause once, and its hints."""
    hints = judgement.hints.get(task or "", [])
    return tag(
        "section",
        tag("p", tag("code", task), class_="kata-name") if task else None,
        *(
            _failure(first, others, judgement.pictures, opened=place == 0)
            for place, (first, *others) in enumerate(_causes([v for v in failed if v.task == task]))
        ),
        _hints(hints) if hints else None,
    )


def _failure(
    verdict: Verdict, others: Sequence[Verdict], pictures: dict[str, str], *, opened: bool
) -> Html:
    kind = MEANING.get(verdict.verdict, verdict.verdict)
    drawn = next((v for v in (verdict, *others) if v.test in pictures), None)
    where = verdict.file and f"{verdict.file}, line {verdict.line or 1}"
    return tag(
        "details",
        tag(
            "summary",
            tag("span", kind, class_="kata-bad"),
            ": ",
            tag("span", verdict.sentence),
        ),
        tag("pre", verdict.message) if verdict.message else None,
        tag("p", drawn.sentence, ":", class_="kata-quiet") if drawn and drawn in others else None,
        tag("div", Html(pictures[drawn.test]), class_="kata-picture") if drawn else None,
        tag(
            "p",
            tag("b", "Diagnosis: "),
            f"your result is exactly what you get when {verdict.diagnosis}",
            class_="kata-diagnosis",
        )
        if verdict.diagnosis
        else None,
        tag("p", where, class_="kata-quiet") if where else None,
        tag("p", "For the same reason:", class_="kata-quiet") if others else None,
        tag("ul", *(tag("li", other.sentence) for other in others)) if others else None,
        class_="kata-failure",
        open=opened,
    )


def _hints(hints: Sequence[str], given: int = 1, count: int = 0) -> Html:
    """Return hints inside one another, so that each is asked for after the one before."""
    count = count or len(hints)
    first, *rest = hints
    name = "Hint" if count == 1 else f"Hint {given} of {count}"
    return tag(
        "details",
        tag("summary", name),
        tag("p", first),
        _hints(rest, given + 1, count) if rest else None,
        class_="kata-hint",
    )


def _passed(kata: Kata, judgement: Judgement) -> Html | None:
    report = judgement.report
    assert report is not None
    passed = [verdict for verdict in report.verdicts if verdict.verdict == "passed"]
    if not passed:
        return None
    pictures = [
        (verdict.task, judgement.pictures[verdict.test])
        for verdict in passed
        if verdict.test in judgement.pictures and is_cuda(kata)
    ]
    return tag(
        "details",
        tag("summary", f"{len(passed)} of {len(report.verdicts)} tests pass"),
        tag("ul", *(tag("li", verdict.sentence) for verdict in passed)),
        [
            [
                tag("p", "Which lane of a warp touches which address: ", tag("code", task)),
                tag("div", Html(drawn), class_="kata-picture"),
            ]
            for task, drawn in pictures
        ],
        class_="kata-passed",
    )
