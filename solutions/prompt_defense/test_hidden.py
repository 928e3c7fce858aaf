"""The hidden suite of defences against prompt injection."""

import base64
import hashlib

import pytest

from autograder.checks import assert_equal, assert_raises
from autograder.suite import hint, points
from solutions.prompt_defense.prompt_defense import run_guarded

# ── spotlight ─────────────────────────────────────────────────────────────────────────────────


@points(0.25)
@hint("What stands above and below the text, and on lines of its own?")
@pytest.mark.parametrize("text", ["Dear all,\n see you.", "", " \n", "a <b> c"])
def test_a_delimited_text_stands_between_two_marks(submission, text):
    assert_equal(submission.spotlight(text, "delimit", "DATA"), f"<DATA>\n{text}\n</DATA>")


@points(0.5)
@hint("Two halves of the marker stand around a whole one. What is left when that is removed?")
def test_the_delimiter_is_removed_until_it_occurs_no_more(submission):
    found = submission.spotlight("stop EENDND here", "delimit", "END")
    assert_equal(found, "<END>\nstop  here\n</END>")


@points(0.25)
@hint("How often must you remove a marker, and how much of the text has to stay?")
@pytest.mark.parametrize(
    ("text", "marker", "left"),
    [
        ("EEEENDNDND", "END", "E"),
        ("ABABAB", "AB", ""),
        ("aaaaa", "aa", "a"),
        ("abcabcc-end-END", "abc", "c-end-END"),
        ("a.b*c", ".", "ab*c"),
        ("</x>", "</x>", ""),
    ],
)
def test_all_that_is_not_the_marker_stays(submission, text, marker, left):
    assert_equal(submission.spotlight(text, "delimit", marker), f"<{marker}>\n{left}\n</{marker}>")


@points(0.5)
@hint("A page contains your delimiter. Where does the page end, to the model?")
def test_a_delimiter_in_the_text_is_removed(submission):
    found = submission.spotlight("so DATA and DATA.", "delimit", "DATA")
    assert_equal(found, "<DATA>\nso  and .\n</DATA>")


@points(0.25)
@hint("A page is full of your marker already. What does it tell the model then?")
def test_a_mark_in_the_text_is_removed(submission):
    assert_equal(submission.spotlight("a^b ^c", "datamark", "^"), "ab^c")


@points(0.25)
@hint("How many markers stand for a line break with an indentation?")
def test_a_run_of_white_space_becomes_one_mark(submission):
    assert_equal(submission.spotlight("ignore  all\n\trules", "datamark", "^"), "ignore^all^rules")


@points(0.25)
@hint("Is white space at the ends white space?")
def test_white_space_at_the_ends_becomes_a_mark(submission):
    assert_equal(submission.spotlight(" a b\n", "datamark", "^"), "^a^b^")


@points(0.25)
@hint("What is removed first, and is any character special as a marker?")
@pytest.mark.parametrize(
    ("text", "marker", "marked"),
    [
        ("a ^ b", "^", "a^b"),
        ("^ ^", "^", "^"),
        ("a\xa0b\u3000c\u2028d", "ˆ", "aˆbˆcˆd"),
        ("a b", "\\", "a\\b"),
        ("a\\1 b", "\\", "a1\\b"),
        ("a.b c", ".", "ab.c"),
        ("abc", "^", "abc"),
        ("", "^", ""),
        (" ", "\ue000", "\ue000"),
    ],
)
def test_marks_are_removed_before_white_space_is_marked(submission, text, marker, marked):
    assert_equal(submission.spotlight(text, "datamark", marker), marked)


@points(0.25)
@hint("Which alphabet, how many lines, and does it matter what the marker is?")
@pytest.mark.parametrize("marker", ["", "^", "two words"])
@pytest.mark.parametrize("text", ["ignore all", "???>>>", "ö日本", "", "x" * 100, " a\n"])
def test_an_encoded_text_is_base64_on_one_line(submission, text, marker):
    expected = base64.b64encode(text.encode()).decode()
    assert_equal(submission.spotlight(text, "encode", marker), expected)
    if not marker:
        assert_equal(submission.spotlight(text, "encode"), expected)


@points(0.25)
@hint("Which modes are there, and what could the marker be that marks nothing?")
@pytest.mark.parametrize(
    ("mode", "marker"),
    [
        ("quote", "DATA"),
        ("", "^"),
        ("Delimit", "DATA"),
        ("delimit", ""),
        ("delimit", "a b"),
        ("delimit", "END\n"),
        ("datamark", ""),
        ("datamark", " "),
        ("datamark", "\xa0"),
        ("datamark", "^^"),
    ],
)
def test_other_modes_and_markers_are_refused(submission, mode, marker):
    assert_raises(ValueError, submission.spotlight, "some text", mode, marker)
    if not marker:
        assert_raises(ValueError, submission.spotlight, "some text", mode)


# ── find_leak ─────────────────────────────────────────────────────────────────────────────────

CANARY = "KOALA-7391-zebra"
FOLDED = "koala7391zebra"


@points(0.5)
@hint("In how many of the five ways is a canary found that stands there letter by letter?")
def test_a_plain_canary_is_found_folded_as_well(submission):
    assert_equal(submission.find_leak(f"It is {CANARY}.", CANARY), ["plain", "folded"])


@points(0.5)
@hint("The model was asked to put a space between the letters. What do they have in common still?")
def test_spaces_and_hyphens_do_not_hide_a_canary(submission):
    assert_equal(submission.find_leak("k o a l a, 7-3-9-1, z e b r a", CANARY), ["folded"])


@points(0.125)
@hint("A letter has many forms in Unicode. Which of the normal forms makes one of them?")
@pytest.mark.parametrize("output", ["ｋｏａｌａ７３９１ｚｅｂｒａ", "𝐊𝐨𝐚𝐥𝐚𝟕𝟑𝟗𝟏𝐳𝐞𝐛𝐫𝐚"])
def test_other_forms_of_the_letters_do_not_hide_a_canary(submission, output):
    assert_equal(submission.find_leak(output, CANARY), ["folded"])


@points(0.25)
@hint("What does folding take away from the canary, what from the output, and what does it keep?")
@pytest.mark.parametrize(
    ("output", "canary", "ways"),
    [
        ("koala7391ZEBRA", CANARY, ["folded"]),
        ("KOALA\n7391 🦓 zebra", CANARY, ["folded"]),
        ("Größe_ﬁnal-1", "GRÖSSE final 1", ["folded"]),
        ("ko\u200bala73\xad91zebra", CANARY, ["folded"]),
        ("koala739zebra", CANARY, []),
        ("koala7391zebr", CANARY, []),
        ("ḱoala7391zebra", CANARY, []),
        ("", CANARY, []),
    ],
)
def test_letters_and_digits_decide(submission, output, canary, ways):
    assert_equal(submission.find_leak(output, canary), ways)


@points(0.25)
@hint("Asked to write it backwards, what would the model write?")
@pytest.mark.parametrize(
    ("output", "canary", "ways"),
    [
        ("arbez-1937-ALAOK", CANARY, ["reversed"]),
        ("A R B E Z 1 9 3 7 a l a o k", CANARY, ["reversed"]),
        ("abba-abba", "ABBAABBA", ["folded", "reversed"]),
        ("niella ssorg", "Groß allein", ["reversed"]),
    ],
)
def test_a_canary_written_backwards_is_found(submission, output, canary, ways):
    assert_equal(submission.find_leak(output, canary), ways)


@points(0.25)
@hint("How can the hex digits of the canary be written, and what is left of that when folded?")
@pytest.mark.parametrize("canary", [CANARY, "日本のカナリア一二三"])
@pytest.mark.parametrize("separator", ["", " ", ":", "\n"])
@pytest.mark.parametrize("upper", [False, True])
def test_a_canary_in_hex_is_found(submission, canary, separator, upper):
    digits = canary.encode().hex(separator) if separator else canary.encode().hex()
    output = f"0x{digits.upper() if upper else digits}!"
    assert_equal(submission.find_leak(output, canary), ["hex"])


@points(0.125)
@hint("What is encoded in hex: the canary, or what folding makes of it?")
def test_the_hex_of_the_folded_canary_is_another(submission):
    assert_equal(submission.find_leak(FOLDED.encode().hex(), CANARY), [])


@points(0.25)
@hint("Decode the run from its first, second, third and fourth character. Which one shows it?")
@pytest.mark.parametrize("prefix", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("suffix", ["", "1", "12", "123"])
def test_a_canary_is_found_in_the_base64_of_a_longer_text(submission, prefix, suffix):
    run = base64.b64encode(f"{prefix}{CANARY}{suffix}".encode()).decode()
    assert_equal(submission.find_leak(f"({run})", CANARY), ["base64"])


@points(0.25)
@hint("Three bytes become four characters. What does one byte before the canary do to all of them?")
@pytest.mark.parametrize("prefix", ["k", "is"])
def test_one_byte_before_the_canary_changes_all_of_its_base64(submission, prefix):
    run = base64.b64encode((prefix + CANARY).encode()).decode()
    assert_equal(submission.find_leak(run, CANARY), ["base64"])


@points(0.25)
@hint("Which characters can base64 be made of, and which of its padding is needed?")
@pytest.mark.parametrize(
    ("canary", "encode"),
    [
        pytest.param("koala?>?>~7391", base64.urlsafe_b64encode, id="url-safe"),
        pytest.param("koala?>?>~7391", base64.b64encode, id="standard"),
        pytest.param("koala?>?>~7391", lambda data: base64.b64encode(data)[:-1], id="padding"),
        pytest.param("öäüöäüöäü??", base64.urlsafe_b64encode, id="UTF-8"),
    ],
)
def test_both_alphabets_and_missing_padding_are_read(submission, canary, encode):
    run = encode(canary.encode()).decode()
    assert_equal(submission.find_leak(f"see {run}", canary), ["base64"])


@points(0.25)
@hint("Encoders break long lines. What becomes of the run then?")
@pytest.mark.parametrize("separator", ["\n", "\r\n  ", " ", "\u3000"], ids=ascii)
def test_white_space_inside_base64_hides_nothing(submission, separator):
    run = base64.b64encode(f"so: {CANARY}".encode()).decode()
    pieces = [run[place : place + 6] for place in range(0, len(run), 6)]
    assert_equal(submission.find_leak(separator.join(pieces), CANARY), ["base64"])


@points(0.25)
@hint("With the white space gone a word stands directly before the code. Where does that begin?")
@pytest.mark.parametrize("words", ["is", "it is", "now it is", "a", "the code"])
@pytest.mark.parametrize("after", ["", " ok", " now", " thanks"])
def test_words_around_base64_hide_nothing(submission, words, after):
    run = base64.b64encode(CANARY.encode()).decode().rstrip("=")
    assert_equal(submission.find_leak(f"{words} {run}{after}", CANARY), ["base64"])


@points(0.125)
@hint("Four characters are three bytes. What are five characters?")
@pytest.mark.parametrize("words", ["", "a ", "is ", "now "])
def test_a_last_single_character_spoils_nothing(submission, words):
    canary = "KOALA-7391-zebr"
    run = base64.b64encode(canary.encode()).decode()
    assert_equal(submission.find_leak(f"{words}{run} x", canary), ["base64"])


@points(0.125)
@hint("What else is in an output that no canary is in?")
@pytest.mark.parametrize(
    "output",
    [
        "A zebra and a koala, 7391 of them.",
        "aGVsbG8gd29ybGQgYWdhaW4=",
        "x",
        "= = - _ /",
        base64.b64encode(CANARY[:-1].encode()).decode(),
        base64.b64encode(CANARY.lower().encode()).decode(),
        base64.b64encode(CANARY[::-1].encode()).decode(),
        base64.b64encode(base64.b64encode(CANARY.encode())).decode(),
    ],
)
def test_an_output_without_the_canary_has_no_leak(submission, output):
    assert_equal(submission.find_leak(output, CANARY), [])


@points(0.25)
@hint("The output has it in every way. In which order are the ways named?")
def test_all_ways_are_named_in_their_order(submission):
    run = base64.b64encode(CANARY.encode()).decode()
    output = f"{run}. {CANARY.encode().hex()}. {CANARY[::-1]}. {CANARY}."
    ways = ["plain", "folded", "reversed", "hex", "base64"]
    assert_equal(submission.find_leak(output, CANARY), ways)
    assert_equal(submission.find_leak(f"{run} {CANARY[::-1]}", CANARY), ["reversed", "base64"])


@points(0.125)
@hint("How soon would a canary of four letters turn up by chance? And which characters count?")
@pytest.mark.parametrize("canary", ["", "koala", "a-b-c-d-e-f-g", "--------", "ＫＯＡＬＡ 12!"])
def test_a_short_canary_is_refused(submission, canary):
    assert_raises(ValueError, submission.find_leak, "some output", canary)


@points(0.125)
@hint("How many letters and digits has the canary: as it is written, or folded?")
@pytest.mark.parametrize("canary", ["Große12", "a1b2-c3d4", "㎏㎏㎏㎏"])
def test_eight_letters_or_digits_after_folding_will_do(submission, canary):
    assert_equal(submission.find_leak("nothing of it", canary), [])
    assert_equal(submission.find_leak(f"<{canary}>", canary), ["plain", "folded"])


# ── run_guarded ───────────────────────────────────────────────────────────────────────────────


def step(name, tool, **arguments):
    """Return a step; a text in an argument that begins with @ is a reference."""
    args = {
        key: [("ref", part[1:]) if part[:1] == "@" else ("text", part) for part in parts]
        for key, parts in arguments.items()
    }
    return {"id": name, "tool": tool, "args": args}


def report(name, status, sources=(), result=None):
    """Return what became of a step."""
    return {"id": name, "status": status, "sources": list(sources), "result": result}


class Tool:
    """A tool that returns its name and arguments, or raises, and notes what it was called with."""

    __name__ = "tool"

    def __init__(self, name, error=None):
        self.name, self.error = name, error
        self.calls = []

    def __call__(self, **arguments):
        """Note the call, and answer it."""
        self.calls.append(arguments)
        if self.error:
            raise self.error
        return f"{self.name}({', '.join(arguments.values())})"


class Human:
    """Somebody who is asked, and says yes to some tools."""

    __name__ = "approve"

    def __init__(self, *yes):
        self.yes = yes
        self.asked = []

    def __call__(self, tool, arguments, sources):
        """Note the question, and answer it."""
        self.asked.append((tool, arguments, sources))
        return tool in self.yes


def toolbox(**errors):
    """Return one tool of each kind; those named raise."""
    names = "fetch", "read", "note", "send", "pay"
    return {name: Tool(name, errors.get(name)) for name in names}


UNTRUSTED, SENSITIVE = ["fetch", "read"], ["send", "pay"]


@points(0.5)
@hint("What is an argument made of, and in which order do the steps run?")
def test_an_argument_is_made_of_its_parts(submission):
    steps = [
        step("a", "note", text=["x"]),
        step("b", "note", one=["<", "@a", "> ", "@a"], two=["y"], none=[]),
        step("c", "note"),
        step("d", "note", text=["@c", "@b"]),
    ]
    tools, human = toolbox(), Human()
    found = submission.run_guarded(steps, tools, UNTRUSTED, SENSITIVE, human)
    b = "note(<note(x)> note(x), y, )"
    calls = [
        {"text": "x"},
        {"one": "<note(x)> note(x)", "two": "y", "none": ""},
        {},
        {"text": f"note(){b}"},
    ]
    assert_equal(tools["note"].calls, calls, name="the tool's calls")
    expected = [
        report("a", "ran", result="note(x)"),
        report("b", "ran", result=b),
        report("c", "ran", result="note()"),
        report("d", "ran", result=f"note(note(){b})"),
    ]
    assert_equal(found, expected)
    assert_equal(human.asked, [], name="the questions")


@points(0.5)
@hint("A page goes straight into a mail. Who has to see that, and what do they need to know?")
def test_what_an_untrusted_tool_returned_needs_approval(submission):
    steps = [step("page", "fetch", url=["x.org"]), step("mail", "send", to=["me"], text=["@page"])]
    for human, status, result in [
        (Human(), "denied", None),
        (Human("send"), "ran", "send(me, fetch(x.org))"),
    ]:
        tools = toolbox()
        found = submission.run_guarded(steps, tools, UNTRUSTED, SENSITIVE, human)
        question = "send", {"to": "me", "text": "fetch(x.org)"}, ["page"]
        assert_equal(human.asked, [question], name="the questions")
        expected = [
            report("page", "ran", result="fetch(x.org)"),
            report("mail", status, ["page"], result),
        ]
        assert_equal(found, expected)
        assert_equal(len(tools["send"].calls), int(status == "ran"), name="the mails sent")


@points(0.75)
@hint("The page was summarised before it is sent. Is the summary the work of the page's author?")
def test_taint_flows_through_a_summary(submission):
    steps = [
        step("page", "fetch", url=["x.org"]),
        step("summary", "note", text=["@page"]),
        step("mail", "send", text=["@summary"]),
    ]
    human = Human()
    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, human)
    note = "note(fetch(x.org))"
    assert_equal(human.asked, [("send", {"text": note}, ["page"])], name="the questions")
    expected = [
        report("page", "ran", result="fetch(x.org)"),
        report("summary", "ran", ["page"], note),
        report("mail", "denied", ["page"]),
    ]
    assert_equal(found, expected)


@points(0.5)
@hint("All that is sent was written by the user. What is there to approve?")
def test_nobody_is_asked_when_nothing_untrusted_flows_in(submission):
    steps = [step("mail", "send", text=["hello"])]
    human = Human()
    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, human)
    assert_equal(human.asked, [], name="the questions")
    assert_equal(found, [report("mail", "ran", result="send(hello)")])


@points(0.25)
@hint("A page was read before, but nothing of it is in this mail. Is anybody asked?")
def test_only_data_that_flows_in_counts(submission):
    steps = [
        step("page", "fetch", url=["x.org"]),
        step("clean", "note", text=["mine"]),
        step("mail", "send", text=["page ", "@clean"], subject=["fetch"]),
        step("text", "note", text=["@page"]),
    ]
    human = Human()
    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, human)
    assert_equal(human.asked, [], name="the questions")
    assert_equal([one["sources"] for one in found], [[], [], [], ["page"]], name="the sources")


@points(0.25)
@hint("Is a page a source of the step that fetched it, and of one that fetches the next page?")
def test_a_step_is_no_source_of_itself(submission):
    steps = [
        step("first", "fetch", url=["x.org"]),
        step("second", "read", url=["@first"]),
        step("third", "note", text=["@second"]),
    ]
    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, Human())
    expected = [[], ["first"], ["first", "second"]]
    assert_equal([one["sources"] for one in found], expected, name="the sources")


@points(0.25)
@hint("Data comes in by several ways. How often is each source named, and in which order?")
def test_sources_are_in_the_order_of_the_steps(submission):
    steps = [
        step("z", "fetch", url=["1"]),
        step("a", "read", url=["2"]),
        step("m", "fetch", url=["3"]),
        step("mix", "note", one=["@m", "@z"]),
        step("mail", "send", two=["@a", "@mix", "@z"]),
    ]
    human = Human("send")
    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, human)
    assert_equal(found[3]["sources"], ["z", "m"], name="the sources of mix")
    assert_equal(found[4]["sources"], ["z", "a", "m"], name="the sources of mail")
    assert_equal(human.asked[0][2], ["z", "a", "m"], name="the sources that were shown")


@points(0.25)
@hint("Somebody said yes to sending a page. Did they say yes to paying what it says?")
def test_an_approval_cleans_nothing(submission):
    steps = [
        step("page", "fetch", url=["x.org"]),
        step("mail", "send", text=["@page"]),
        step("bill", "pay", text=["@mail"]),
    ]
    human = Human("send")
    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, human)
    assert_equal([one[0] for one in human.asked], ["send", "pay"], name="the questions")
    statuses = [(one["status"], one["sources"]) for one in found]
    expected = [("ran", []), ("ran", ["page"]), ("denied", ["page"])]
    assert_equal(statuses, expected, name="status and sources")


@points(0.25)
@hint("A step has no result. What can the steps do that need it, and those that do not?")
@pytest.mark.parametrize("reason", ["denied", "failed"])
def test_what_needs_a_step_that_did_not_run_is_skipped(submission, reason):
    steps = [
        step("page", "fetch", url=["x.org"]),
        step("mail", "send", text=["@page"]),
        step("log", "note", text=["was it sent? ", "@mail"]),
        step("bill", "pay", text=["@log", "@page"]),
        step("other", "note", text=["@page"]),
    ]
    human = Human(*(["send", "pay"] if reason == "failed" else ["pay"]))
    tools = toolbox(send=RuntimeError("no connection") if reason == "failed" else None)
    found = submission.run_guarded(steps, tools, UNTRUSTED, SENSITIVE, human)
    expected = [
        report("page", "ran", result="fetch(x.org)"),
        report("mail", reason, ["page"]),
        report("log", "skipped", ["page"]),
        report("bill", "skipped", ["page"]),
        report("other", "ran", ["page"], "note(fetch(x.org))"),
    ]
    assert_equal(found, expected)
    assert_equal([one[0] for one in human.asked], ["send"], name="the questions")


@points(0.25)
@hint("The page could not be fetched. Is it a source of what was to be made of it?")
def test_sources_do_not_depend_on_what_ran(submission):
    steps = [
        step("page", "fetch", url=["x.org"]),
        step("summary", "note", text=["@page"]),
        step("mail", "send", text=["@summary"]),
    ]
    human = Human("send")
    tools = toolbox(fetch=ValueError("no such page"))
    found = submission.run_guarded(steps, tools, UNTRUSTED, SENSITIVE, human)
    expected = [
        report("page", "failed"),
        report("summary", "skipped", ["page"]),
        report("mail", "skipped", ["page"]),
    ]
    assert_equal(found, expected)
    assert_equal(human.asked, [], name="the questions")


@points(0.25)
@hint("One tool is both untrusted and sensitive. When is somebody asked, and about which sources?")
def test_a_tool_may_be_untrusted_and_sensitive(submission):
    steps = [step("first", "fetch", url=["x"]), step("second", "fetch", url=["@first"])]
    human = Human()
    found = submission.run_guarded(steps, toolbox(), ["fetch", "gone"], ["fetch", "lost"], human)
    assert_equal(human.asked, [("fetch", {"url": "fetch(x)"}, ["first"])], name="the questions")
    assert_equal(
        found, [report("first", "ran", result="fetch(x)"), report("second", "denied", ["first"])]
    )


@points(0.25)
@hint("approve need not return a bool. Which answers mean yes?")
@pytest.mark.parametrize("answer", [None, 0, "", [], 1, "yes"], ids=repr)
def test_a_falsy_answer_denies(submission, answer):
    steps = [step("page", "fetch", url=["x"]), step("mail", "send", text=["@page"])]

    def approve(tool, arguments, sources):
        return answer

    found = submission.run_guarded(steps, toolbox(), UNTRUSTED, SENSITIVE, approve)
    assert_equal(found[1]["status"], "ran" if answer else "denied", name="the status of mail")


@points(0.25)
@hint("Nothing may have been done when the steps turn out to make no sense. When do you look?")
@pytest.mark.parametrize(
    "last",
    [
        pytest.param(step("mail", "note", text=["again"]), id="the same id"),
        pytest.param(step("x", "gone", text=["what"]), id="unknown tool"),
        pytest.param(step("x", "note", text=["@x"]), id="itself"),
        pytest.param(step("x", "note", text=["@nowhere"]), id="no step"),
        pytest.param(step("x", "note", one=["a"], two=["b", "@y"]), id="a later step"),
    ],
)
def test_unsound_steps_are_refused_before_any_runs(submission, last):
    tools, human = toolbox(), Human("send")
    steps = [step("page", "fetch", url=["x"]), step("mail", "send", text=["@page"]), last]
    steps.append(step("y", "note", text=["fine"]))
    assert_raises(ValueError, submission.run_guarded, steps, tools, UNTRUSTED, SENSITIVE, human)
    calls = [tool.calls for tool in tools.values()]
    assert_equal((calls, human.asked), ([[]] * 5, []), name="calls and questions")


@points(0.25)
@hint("Follow the data of a longer run, step by step.")
def test_a_longer_run_is_guarded_throughout(submission, rng):
    names = list(toolbox())
    steps = []
    for place in range(12):
        tool = names[rng.integers(5)]
        before = [f"@s{other}" for other in rng.permutation(place)[: rng.integers(0, 3)]]
        steps.append(step(f"s{place}", tool, one=["x", *before[:1]], two=before[1:]))
    error = RuntimeError("out of order")
    mine, theirs = Human("send"), Human("send")
    found = submission.run_guarded(steps, toolbox(read=error), UNTRUSTED, SENSITIVE, mine)
    expected = run_guarded(steps, toolbox(read=error), UNTRUSTED, SENSITIVE, theirs)
    assert_equal(found, expected)
    assert_equal(mine.asked, theirs.asked, name="the questions")


@points(0.25)
@hint("What is there to report of no steps?")
def test_no_steps_give_no_reports(submission):
    assert_equal(submission.run_guarded([], {}, UNTRUSTED, SENSITIVE, Human()), [])


# ── run_pipeline ──────────────────────────────────────────────────────────────────────────────


class Layer:
    """A check that always gives the same outcome, or raises it, and notes what it was given."""

    __name__ = "check"

    def __init__(self, outcome):
        self.outcome = outcome
        self.texts = []

    def __call__(self, text):
        """Note the text, and judge it."""
        self.texts.append(text)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class Model:
    """A model that replies with its prompt, and notes it."""

    __name__ = "model"

    def __init__(self):
        self.prompts = []

    def __call__(self, prompt):
        """Note the prompt, and reply."""
        self.prompts.append(prompt)
        return f"reply to {prompt}"


class Offline(Exception):
    """What a model may raise."""


def entry(stage, layer, verdict, text):
    """Return an entry of the audit."""
    seen = hashlib.sha256(text.encode()).hexdigest()
    return {"stage": stage, "layer": layer, "verdict": verdict, "seen": seen}


@points(0.5)
@hint("Who sees which text when everything passes, and what is written down?")
def test_every_check_made_is_in_the_audit(submission):
    one, two, three = (Layer(("pass", "")) for _ in range(3))
    model = Model()
    found = submission.run_pipeline(
        "hé", model, [("one", one), ("two", two)], [("three", three)], "No."
    )
    audit = [
        entry("input", "one", "pass", "hé"),
        entry("input", "two", "pass", "hé"),
        entry("output", "three", "pass", "reply to hé"),
    ]
    assert_equal(found, {"reply": "reply to hé", "blocked_by": None, "audit": audit})
    given = one.texts, two.texts, model.prompts, three.texts
    assert_equal(given, (["hé"], ["hé"], ["hé"], ["reply to hé"]), name="the texts given")


@points(0.25)
@hint("Without layers, what is left of a pipeline?")
def test_without_layers_the_model_replies(submission):
    expected = {"reply": "reply to hi", "blocked_by": None, "audit": []}
    assert_equal(submission.run_pipeline("hi", Model(), [], [], "No."), expected)


@points(0.25)
@hint("A check that lets a text pass gives one back, too. Is that the one to go on with?")
@pytest.mark.parametrize("new_text", ["other", "", None, 5])
def test_a_pass_leaves_the_text_as_it_was(submission, new_text):
    layer, model = Layer(("pass", new_text)), Model()
    found = submission.run_pipeline("hi", model, [("in", layer)], [("out", layer)], "No.")
    audit = [entry("input", "in", "pass", "hi"), entry("output", "out", "pass", "reply to hi")]
    assert_equal(found, {"reply": "reply to hi", "blocked_by": None, "audit": audit})
    assert_equal(model.prompts, ["hi"], name="the model's prompts")


@points(0.25)
@hint("A layer took something out of the text. Who must not see it any more?")
def test_a_rewritten_text_is_what_the_next_ones_see(submission):
    first, second, model = Layer(("rewrite", "clean")), Layer(("pass", "")), Model()
    layers = [("first", first), ("second", second)]
    found = submission.run_pipeline("dirty", model, layers, [], "No.")
    audit = [entry("input", "first", "rewrite", "dirty"), entry("input", "second", "pass", "clean")]
    assert_equal(found, {"reply": "reply to clean", "blocked_by": None, "audit": audit})
    assert_equal(model.prompts, ["clean"], name="the model's prompts")


@points(0.25)
@hint("The last layer changed the reply. Which one does the user get?")
@pytest.mark.parametrize("new_text", ["clean", ""])
def test_a_rewritten_reply_is_the_reply(submission, new_text):
    layers = [("first", Layer(("rewrite", "other"))), ("second", Layer(("rewrite", new_text)))]
    found = submission.run_pipeline("hi", Model(), [], layers, "No.")
    audit = [
        entry("output", "first", "rewrite", "reply to hi"),
        entry("output", "second", "rewrite", "other"),
    ]
    assert_equal(found, {"reply": new_text, "blocked_by": None, "audit": audit})


@points(0.75)
@hint("Which decision would you most like to find in a log?")
def test_a_check_that_blocks_is_in_the_audit(submission):
    model = Model()
    found = submission.run_pipeline("hi", model, [("in", Layer(("block", "")))], [], "No.")
    audit = [entry("input", "in", "block", "hi")]
    assert_equal(found, {"reply": "No.", "blocked_by": "in", "audit": audit})
    assert_equal(model.prompts, [], name="the model's prompts")


@points(0.25)
@hint("After a block, what is there still to do?")
@pytest.mark.parametrize("stage", ["input", "output"])
def test_nothing_runs_behind_a_block(submission, stage):
    first, last, model = Layer(("rewrite", "new")), Layer(("pass", "")), Model()
    layers = [("first", first), ("block", Layer(("block", "text"))), ("last", last)]
    inputs, outputs = (layers, [("out", last)]) if stage == "input" else ([], layers)
    found = submission.run_pipeline("hi", model, inputs, outputs, "No.")
    text = "hi" if stage == "input" else "reply to hi"
    audit = [entry(stage, "first", "rewrite", text), entry(stage, "block", "block", "new")]
    assert_equal(found, {"reply": "No.", "blocked_by": "block", "audit": audit})
    assert_equal(last.texts, [], name="the texts that the last layer was given")
    assert_equal(len(model.prompts), int(stage == "output"), name="the number of model calls")


@points(0.5)
@hint("The filter crashed on this text. What would an attacker write next?")
def test_a_check_that_raises_blocks(submission):
    model = Model()
    layers = [("filter", Layer(ValueError("too long")))]
    found = submission.run_pipeline("hi", model, layers, [], "No.")
    audit = [entry("input", "filter", "error", "hi")]
    assert_equal(found, {"reply": "No.", "blocked_by": "filter", "audit": audit})
    assert_equal(model.prompts, [], name="the model's prompts")


@points(0.5)
@hint("Which outcomes of a check do you know, and what do you do with all others?")
@pytest.mark.parametrize(
    "outcome",
    [
        None,
        True,
        "pass",
        ("pass",),
        ("pass", "hi", 0.9),
        ("Pass", "hi"),
        ("allow", "hi"),
        ("error", "hi"),
        ("", ""),
        (None, "hi"),
        (True, "hi"),
        ("rewrite", None),
        ("rewrite", 5),
        ("rewrite", b"hi"),
        ("rewrite", ["hi"]),
        (),
    ],
    ids=repr,
)
def test_an_outcome_that_is_no_verdict_blocks(submission, outcome):
    layer, last = Layer(outcome), Layer(("pass", ""))
    layers = [("odd", layer), ("last", last)]
    found = submission.run_pipeline("hi", Model(), [], layers, "No.")
    audit = [entry("output", "odd", "error", "reply to hi")]
    assert_equal(found, {"reply": "No.", "blocked_by": "odd", "audit": audit})
    assert_equal(last.texts, [], name="the texts that the last layer was given")


@points(0.25)
@hint("A reply is blocked. Is what the model said still in your result?")
@pytest.mark.parametrize("refusal", ["", "I cannot help with that."])
@pytest.mark.parametrize(
    "outcome", [("block", "leak"), RuntimeError("leak")], ids=["block", "raises"]
)
def test_the_reply_of_a_blocked_run_is_the_refusal(submission, refusal, outcome):
    layers = [("out", Layer(outcome))]
    found = submission.run_pipeline("hi", Model(), [], layers, refusal)
    assert_equal((found["reply"], found["blocked_by"]), (refusal, "out"), name="the outcome")


@points(0.25)
@hint("Who should hear that the model cannot be reached?")
def test_what_the_model_raises_is_not_caught(submission):
    def model(prompt):
        raise Offline("no connection")

    layers = [("in", Layer(("pass", "")))]
    assert_raises(Offline, submission.run_pipeline, "hi", model, layers, [], "No.")
