"""The side bar, the Check button and the magic in a real JupyterLab and a real Notebook 7."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import Browser, find_chromium
from lab import Lab
from small_kata import FILES, RIGHT

from autograder.catalog import CatalogError
from autograder.jupyterlab import CONFIG, FOLDER, link
from autograder.jupyterlab.server import Room
from autograder.learner import progress

ONE_LESS = "def mean(values):\n    return sum(values) / max(len(values) - 1, 1)"

needs_chromium = pytest.mark.skipif(
    find_chromium() is None, reason="Chromium is not installed (CHROMIUM may name it)"
)


@pytest.fixture
def room(project: Path) -> Iterator[Room]:
    _keep_stub(project)
    made = Room(project)
    yield made
    made.judge.close()


def _keep_stub(project: Path) -> None:
    """Keep the stub as a bundle does, since this project is no git checkout."""
    path = project / "katas/.stubs/mean.py"
    path.parent.mkdir()
    path.write_text(FILES["katas/mean/mean.py"])


# -- what the server answers --------------------------------------------------------------------


def test_the_list_has_states_and_paths(room: Room) -> None:
    progress.record_attempt("mean", 5, 6)
    progress.record_attempt("mean", 2, 6)
    (entry,) = room.listing()["katas"]
    assert entry["state"] == "tried" and entry["due"] is False
    assert (entry["points"], entry["last"], entry["max_points"]) == (5, 2, 6)
    assert entry["file"] == "katas/mean/mean.py"
    assert entry["question"] == "katas/mean/README.md"
    assert entry["notebook"] == "katas/mean/mean.ipynb" and not entry["has_notebook"]


def test_a_server_inside_a_kata_shows_no_paths_outside(project: Path) -> None:
    (entry,) = Room(project / "katas").listing()["katas"]
    assert entry["file"] == "mean/mean.py"
    (entry,) = Room(project / "solutions").listing()["katas"]
    assert entry["file"] is None


def test_outside_a_project_it_says_where_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CatalogError, match="start JupyterLab in the folder that has katas/"):
        Room(tmp_path).listing()


def test_a_notebook_is_written_once_judged_and_reset(room: Room) -> None:
    assert room.notebook({"name": "mean"}) == {"path": "katas/mean/mean.ipynb"}
    path = room.home / "katas/mean/mean.ipynb"
    fresh = path.read_text()
    notebook = json.loads(fresh)
    notebook["cells"][2]["source"] = f"%%kata mean\n{RIGHT}"
    path.write_text(json.dumps(notebook))
    room.notebook({"name": "mean"})
    assert path.read_text() != fresh
    for cell in notebook["cells"][3:5]:
        cell["source"] = ""
    path.write_text(json.dumps(notebook))

    found = room.check({"name": "mean", "path": "katas/mean/mean.ipynb"})
    assert (found["points"], found["max_points"]) == (6, 6)
    assert "6 of 6 points" in found["html"]
    assert progress.states()["mean"]["state"] == "solved"

    saved = room.reset({"name": "mean", "what": "notebook"})["saved"]
    assert path.read_text() == fresh
    assert json.loads((path.parent / saved).read_text()) == notebook


def test_a_file_is_judged_and_reset(room: Room) -> None:
    path = room.home / "katas/mean/mean.py"
    path.write_text(ONE_LESS)
    found = room.check({"name": "mean", "path": "katas/mean/mean.py"})
    assert "the sum is divided by n - 1" in found["html"]
    saved = room.reset({"name": "mean", "what": "file"})["saved"]
    assert path.read_text() == FILES["katas/mean/mean.py"]
    assert (path.parent / saved).read_text() == ONE_LESS
    assert room.reset({"name": "mean", "what": "file"})["saved"] is None


@pytest.mark.parametrize("path", ["../secret.py", "/etc/passwd", "katas", "katas/mean/no.py", None])
def test_only_files_of_the_server_are_judged(room: Room, path: str | None) -> None:
    (room.home.parent / "secret.py").write_text("")
    with pytest.raises(CatalogError, match="no such file"):
        room.check({"name": "mean", "path": path})


def test_the_extension_is_linked_once(tmp_path: Path) -> None:
    lab = tmp_path / "share/jupyter/labextensions/llm-katas"
    assert len(link(tmp_path)) == 2
    assert json.loads((lab / "package.json").read_text())["name"] == "llm-katas"
    assert (lab / "static/katas.js").is_file()
    assert link(tmp_path) == []
    lab.unlink()
    lab.symlink_to(tmp_path / "gone")  # the project was moved
    assert link(tmp_path) == [lab]


def test_the_extension_is_what_its_description_says() -> None:
    package = json.loads((FOLDER / "package.json").read_text())
    script = (FOLDER / package["jupyterlab"]["_build"]["load"]).read_text()
    for name in package["dependencies"]:
        assert f'"{name}"' in script
    assert "autograder.jupyterlab" in CONFIG.read_text()


# -- in a browser -------------------------------------------------------------------------------


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser(find_chromium() or "")
    yield made
    made.close()


def write(browser: Browser, cell: int, text: str) -> None:
    """Replace what stands in the nth code cell and run it."""
    browser.evaluate(
        f"""(async () => {{
            const {{ content }} = jupyterapp.shell.currentWidget;
            const cells = content.widgets.filter((cell) => cell.model.type === "code");
            window.written = cells[{cell}];
            content.activeCellIndex = content.widgets.indexOf(written);
            await content.scrollToItem(content.activeCellIndex);
            content.mode = "edit";
            await written.ready;
            written.editor.focus();
        }})()"""
    )
    browser.press("a", modifiers=2)
    browser.type(text)
    browser.wait_for(f"written.model.sharedModel.getSource() === {json.dumps(text)}")
    browser.press("Enter", modifiers=2)


def number_cells(browser: Browser, count: int) -> None:
    """Wait for the code cells of a notebook, and make them addressable."""
    browser.wait_for(f"document.querySelectorAll('.jp-CodeCell .cm-content').length >= {count}")
    browser.evaluate(
        "document.querySelectorAll('.jp-CodeCell').forEach((cell, i) => cell.dataset.test = i)"
    )


@needs_chromium
def test_a_kata_is_solved_in_jupyterlab(project: Path, browser: Browser) -> None:
    _keep_stub(project)
    with Lab(project) as lab:
        lab.wait()
        lab.open(browser)
        browser.evaluate("jupyterapp.shell.activateById('kata-list')")
        browser.click(".kata-entry summary", "mean")
        assert "easy · 5 min · 6 points · open" in browser.text(".kata-about")
        browser.click(".kata-actions button", "Notebook")
        number_cells(browser, 6)
        browser.wait_for("jupyterapp.shell.currentWidget.sessionContext.session?.kernel != null")

        # Wrong: the mistake is named, and hints open one after another.
        write(browser, 0, "%load_ext autograder")
        write(browser, 1, f"%%kata mean\n{ONE_LESS}")
        report = ".jp-CodeCell[data-test='1'] .kata-report"
        browser.wait_for(f'document.querySelector("{report}") !== null')
        assert "when the sum is divided by n - 1" in browser.text(f"{report} .kata-diagnosis")
        assert "Count them." not in browser.text(report)
        browser.click(f"{report} .kata-hint > summary", "Hint 1 of")
        browser.wait_for(f'document.querySelector("{report}").innerText.includes("Count them.")')
        assert "Hint 2 of" in browser.text(f"{report} .kata-hint .kata-hint > summary")
        tab = ".lm-TabBar-tab[data-kata-points='0/6']"
        browser.wait_for(f'document.querySelector("{tab}") !== null')
        assert browser.text(".kata-entry summary").split() == ["◐", "mean", "0/6"]
        browser.screenshot(project / "wrong.png")

        # Right: by the cell, then by the button, which judges the saved notebook.
        write(browser, 1, f"%%kata mean\n{RIGHT}")
        browser.wait_for(f'document.querySelector("{report}")?.innerText.includes("6 of 6")')
        for cell in (2, 3):
            write(browser, cell, "# see above")
        browser.click(".kata-check")
        panel = ".kata-report-panel"
        browser.wait_for(f'document.querySelector("{panel}")?.innerText.includes("6 of 6")')
        browser.wait_for("document.querySelector('.kata-score').innerText === '6/6'")
        browser.evaluate(
            "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
        )
        browser.wait_for(
            "document.body.dataset.jpThemeLight === 'false'"
            " && document.querySelector('#jupyterlab-splash') === null"
        )
        browser.screenshot(project / "right.png")

        # Reset: what was written is in the backup.
        browser.click(".kata-actions button", "Reset")
        browser.click(".jp-Dialog button", "Reset notebook")
        browser.wait_for(
            "document.querySelector('.jp-Notebook').innerText.includes('NotImplementedError')"
        )
        assert len(list(project.glob("katas/mean/mean.*.ipynb.bak"))) == 1
        assert [error for error in browser.errors if "katas.js" in error] == []


@needs_chromium
def test_a_kata_is_checked_in_notebook_7(project: Path, browser: Browser) -> None:
    pytest.importorskip("notebook")
    _keep_stub(project)
    with Lab(project, "notebook") as lab:
        lab.wait()
        lab.open(browser)
        # The tab of the files is chosen once more while the page starts.
        browser.wait_for(
            "jupyterapp.commands.execute('kata:show')"
            ".then(() => document.querySelector('.kata-entry')?.checkVisibility())"
        )
        browser.click(".kata-entry summary", "mean")
        assert "Notebook" in browser.text(".kata-actions")
        Room(project).notebook({"name": "mean"})
        lab.open(browser, "katas/mean/mean.ipynb")
        number_cells(browser, 6)
        write(browser, 1, f"%%kata mean\n{ONE_LESS}")
        browser.click(".kata-check")
        panel = ".kata-report-panel"
        browser.wait_for(f'document.querySelector("{panel}")?.innerText.includes("0 of 6")')
        assert "when the sum is divided by n - 1" in browser.text(f"{panel} .kata-diagnosis")
        assert [error for error in browser.errors if "katas.js" in error] == []
