"""`class.html`: what a class did, on one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from autograder.classroom.figures import KataFigures, Student, failures, short_name
from autograder.classroom.markup import Content, Html, column, page, person, table, tag
from autograder.classroom.similarity import Group
from autograder.report import number

NAMES_TOLD = 4
"""How many of the things that went wrong a row of the table names."""


def class_page(
    title: str,
    people: Sequence[Student],
    katas: Sequence[KataFigures],
    titles: Mapping[str, str],
    alike: Mapping[str, tuple[Sequence[Group], int]],
    links: Mapping[str, str],
) -> str:
    """Return the page.

    Args:
        title: the page's.
        people: every student.
        katas: the figures of each kata.
        titles: of katas, by name.
        alike: groups of similar submissions of a kata, and how many could be compared.
        links: the address of each student's feedback, by name.
    """
    count = sum(figures.count for figures in katas)
    return page(
        title,
        tag("h1", title),
        tag(
            "p",
            f"{len(people)} students, {len(katas)} katas, {count} reports. Points come from the "
            "hidden suites; a person decides what follows from them.",
            class_="quiet",
        ),
        _contents(katas, titles),
        *(_kata(figures, titles, alike.get(figures.kata)) for figures in katas),
        tag(
            "section",
            tag("h2", "Submissions", id="submissions"),
            tag("p", "Press a heading to sort by its column.", class_="quiet"),
            _submissions(people, katas, links),
        ),
        script=True,
    )


def _contents(katas: Sequence[KataFigures], titles: Mapping[str, str]) -> Html:
    links: list[Content] = [
        tag("li", tag("a", titles.get(one.kata, one.kata), href=f"#kata-{one.kata}"))
        for one in katas
    ]
    links.append(tag("li", tag("a", "Submissions", href="#submissions")))
    return tag("nav", tag("ul", *links), aria_label="Contents")


def _kata(
    figures: KataFigures, titles: Mapping[str, str], alike: tuple[Sequence[Group], int] | None
) -> Html:
    name = titles.get(figures.kata, figures.kata)
    return tag(
        "section",
        tag("h2", name, id=f"kata-{figures.kata}"),
        _summary(figures),
        tag("h3", "Points"),
        _distribution(figures),
        tag("h3", "Tests"),
        _tests(figures),
        tag("h3", "Misconceptions"),
        _misconceptions(figures),
        tag("h3", "Time"),
        _times(figures),
        *(() if alike is None else (tag("h3", "Similar submissions"), _alike(name, *alike))),
    )


def _summary(figures: KataFigures) -> Html:
    told = {
        f"of {number(figures.max_points)} points in the mean": number(figures.mean),
        "points in the median": number(figures.median),
        f"of {figures.count} have all points": str(figures.perfect),
        f"of {figures.count} have none": str(figures.nothing),
    }
    items = [tag("li", tag("b", value), tag("span", text)) for text, value in told.items()]
    return tag("ul", *items, class_="figures")


def _distribution(figures: KataFigures) -> Html:
    most = max((count for _, count in figures.distribution), default=0)
    rows = [
        tag(
            "tr",
            tag("th", label, scope="row", class_="range"),
            tag("td", count, class_="number"),
            tag("td", _percent(count, figures.count), class_="number"),
            _bar(count, most),
        )
        for label, count in figures.distribution
    ]
    head = [
        column("Points"),
        column("Submissions", class_="number"),
        column("Share", class_="number"),
        _bar_column(),
    ]
    return table(f"Distribution of points: {figures.kata}", head, rows, class_="narrow")


def _tests(figures: KataFigures) -> Html:
    rows = [
        tag(
            "tr",
            tag("th", test.sentence, scope="row", class_="says"),
            tag("td", test.failed, class_="number"),
            tag("td", _percent(test.failed, test.count), class_="number"),
            _bar(test.failed, test.count),
            tag("td", tag("code", test.task or ""), class_="wide"),
            tag("td", _how(test.verdicts), class_="wide how"),
        )
        for test in figures.tests
    ]
    head = [
        column("What is tested"),
        column("Failed", class_="number"),
        column("Share", class_="number"),
        _bar_column(),
        column("Task", class_="wide"),
        column("How", class_="wide how"),
    ]
    return table(f"Tests, those that fail most first: {figures.kata}", head, rows)


def _how(verdicts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{_words(kind)} {count}" for kind, count in verdicts)


def _misconceptions(figures: KataFigures) -> Html:
    if not figures.misconceptions:
        return tag("p", "No result was exactly that of a known misconception.")
    most = figures.misconceptions[0].count
    rows = [
        tag(
            "tr",
            tag("th", one.says, scope="row", class_="says"),
            tag("td", one.count, class_="number"),
            tag("td", _percent(one.count, figures.count), class_="number"),
            _bar(one.count, most),
            tag("td", tag("code", one.name), class_="wide"),
            tag("td", tag("code", one.task or ""), class_="wide"),
        )
        for one in figures.misconceptions
    ]
    head = [
        column("The result is exactly what one gets when …"),
        column("Submissions", class_="number"),
        column("Share", class_="number"),
        _bar_column(),
        column("Name", class_="wide"),
        column("Task", class_="wide"),
    ]
    return table(f"Most common misconceptions: {figures.kata}", head, rows)


def _times(figures: KataFigures) -> Html:
    median, ninth, longest = figures.seconds
    rows = [
        tag(
            "tr",
            tag("th", person(short_name(name)), scope="row", class_="name"),
            tag("td", _seconds(seconds), class_="number"),
        )
        for name, seconds in figures.slowest
    ]
    head = [column("Submission"), column("Judging took", class_="number")]
    said = (
        f"Judging took {_seconds(median)} in the median, at most {_seconds(ninth)} for nine of "
        f"ten, and {_seconds(longest)} at most."
    )
    return tag(
        "div", tag("p", said), table(f"The slowest: {figures.kata}", head, rows, class_="narrow")
    )


def _alike(name: str, groups: Sequence[Group], compared: int) -> Html:
    told = (
        f"{compared} submissions had enough of their own to be compared, beyond what the stub, the "
        "reference and much of the class have. Whoever is listed wrote nearly the same program in "
        "other names. That is a reason to look, and no more: look at both before you conclude."
    )
    if not groups:
        return tag("div", tag("p", told), tag("p", "No two are nearly the same."))
    rows = [
        tag(
            "tr",
            tag("th", place, scope="row", class_="number"),
            tag("td", len(group.names), class_="number"),
            tag("td", _range(group), class_="number"),
            tag("td", _joined(group.names), class_="name"),
        )
        for place, group in enumerate(groups, 1)
    ]
    head = [
        column("Group", class_="number"),
        column("Members", class_="number"),
        column("Alike", class_="number"),
        column("Submissions"),
    ]
    caption = f"Similar submissions, for a person to look at: {name}"
    return tag("div", tag("p", told), table(caption, head, rows))


def _range(group: Group) -> str:
    least, most = round(100 * group.least), round(100 * group.most)
    return f"{most}%" if least == most else f"{least} to {most}%"


def _joined(names: Sequence[str]) -> Iterator[Content]:
    for place, name in enumerate(names):
        yield ", " if place else None
        yield person(short_name(name))


def _submissions(
    people: Sequence[Student],
    katas: Sequence[KataFigures],
    links: Mapping[str, str],
) -> Html:
    def heading(label: str, *classes: str, sort: str | None = None) -> Html:
        button = tag("button", label, type="button")
        return column(button, class_=" ".join(classes) or None, aria_sort=sort)

    several = len(katas) > 1
    head = [heading("Student", sort="ascending")]
    head += [heading(one.kata, "number") for one in katas if several]
    head += [heading("Points", "number"), heading("Seconds", "number")]
    head.append(heading("What went wrong", "says"))
    rows = []
    for student in people:
        link = tag("a", person(student.name), href=links[student.name])
        cells = [tag("th", link, scope="row", class_="name", data_value=student.name)]
        for one in katas if several else ():
            report = student.reports.get(one.kata)
            got = -1.0 if report is None else report.points
            shown = "not judged" if report is None else number(got)
            cells.append(tag("td", shown, class_="number", data_value=got))
        total = f"{number(student.points)} of {number(student.max_points)}"
        cells.append(tag("td", total, class_="number", data_value=student.points))
        seconds = round(student.seconds, 2)
        cells.append(tag("td", f"{seconds:.2f}", class_="number", data_value=seconds))
        cells.append(tag("td", _what_went_wrong(student), class_="says"))
        rows.append(tag("tr", *cells))
    return table("Submissions of the class", head, rows, class_="all")


def _what_went_wrong(student: Student) -> str:
    names = dict.fromkeys(
        _words(verdict.misconception or verdict.verdict)
        for report in student.reports.values()
        for verdict in failures(report)
    )
    told = list(names)[:NAMES_TOLD]
    more = len(names) - len(told)
    return ", ".join(told) + (f" and {more} more" if more else "") if told else "nothing"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _percent(count: int, total: int) -> str:
    return f"{round(100 * count / total) if total else 0}%"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _bar_column() -> Html:
    return tag("td", class_="bar", aria_hidden="true")


def _bar(count: float, most: float) -> Html:
    share = 100 * count / most if most else 0
    inner = tag("span", style=f"width:{share:.1f}%") if count else None
    return tag("td", inner, class_="bar", aria_hidden="true")
