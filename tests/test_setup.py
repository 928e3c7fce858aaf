"""`make start`: which Python is taken, when nothing is installed, what errors say."""

import importlib.util
import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PROJECT = """\
[project]
name = "llm-katas"
[project.optional-dependencies]
dev = ["ruff"]
gpu = ["cupy-cuda13x"]
[tool.ruff]
line-length = 100
"""


@pytest.fixture(scope="module")
def setup():
    spec = importlib.util.spec_from_file_location("kata_setup", ROOT / ".ci" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "constraints.txt").write_text("rich==15.0.0\ntorch==2.13.0\n")
    return tmp_path


# The interpreter


def choose_python(tmp_path, pythons, python=""):
    """Run setup.sh where PATH holds only these pythons: name -> version, None for a broken one."""
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "setup.sh").write_text((ROOT / ".ci" / "setup.sh").read_text())
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "dirname").symlink_to("/usr/bin/dirname")
    for name, version in pythons.items():
        new = version is not None and tuple(map(int, version.split(".")))[:2] >= (3, 11)
        script = bin_folder / name
        script.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *version_info*) exit {0 if new else 1};;'
            f" *platform*) {f'echo {version}' if version else 'exit 127'};;"
            f' *) echo "{name}: $*";; esac\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return subprocess.run(
        ["/bin/sh", str(tmp_path / "setup.sh"), "start"],
        env={"PATH": str(bin_folder), "PYTHON": python},
        capture_output=True,
        text=True,
    )


needs_sh = pytest.mark.skipif(not Path("/bin/sh").exists(), reason="no POSIX shell")


@needs_sh
def test_the_first_python_that_is_new_enough_is_taken(tmp_path):
    done = choose_python(tmp_path, {"python3": "3.9.2", "python3.12": "3.12.4"})
    assert done.returncode == 0
    assert re.fullmatch(r"python3\.12: \S+setup\.py start\n", done.stdout)


@needs_sh
@pytest.mark.parametrize(
    ("pythons", "python", "line"),
    [
        ({}, "", "error: no Python found: install Python 3.11 or newer"),
        ({"python3": "3.9.2"}, "", "error: Python 3.9.2 (python3) is too old"),
        ({"python3": "3.9.2", "python": "2.7.18"}, "", "error: Python 3.9.2 (python3) is too old"),
        ({"python3": None}, "", "error: no Python found"),
        ({"python3": "3.12.4"}, "python9", "error: PYTHON=python9 does not run"),
    ],
)
def test_no_python_or_an_old_one_is_one_line(tmp_path, pythons, python, line):
    done = choose_python(tmp_path, pythons, python)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1


# The stamp


def test_a_linter_rule_reinstalls_nothing_and_a_dependency_does(setup, project):
    before = setup.fingerprint(project)
    (project / "pyproject.toml").write_text(PROJECT.replace("100", "99"))
    assert setup.fingerprint(project) == before
    (project / "pyproject.toml").write_text(PROJECT.replace('"ruff"', '"ruff", "mypy"'))
    assert setup.fingerprint(project) != before


def test_a_pin_reinstalls(setup, project):
    before = setup.fingerprint(project)
    (project / "constraints.txt").write_text("rich==15.0.1\ntorch==2.13.0\n")
    assert setup.fingerprint(project) != before


@pytest.mark.parametrize(
    ("stamp", "extras", "complete"),
    [
        ({}, [], False),
        ({"fingerprint": "a", "extras": []}, [], True),
        ({"fingerprint": "a", "extras": []}, ["dev"], False),
        ({"fingerprint": "a", "extras": ["dev", "gpu"]}, ["dev"], True),
        ({"fingerprint": "b", "extras": ["dev"]}, ["dev"], False),
        ({"fingerprint": "a", "extras": None}, [], False),
    ],
)
def test_what_is_installed_counts_with_its_extras(setup, stamp, extras, complete):
    assert setup.is_complete(stamp, "a", extras) is complete


@pytest.mark.parametrize("text", ["", "[]", "{", '"dev"'])
def test_a_broken_stamp_is_no_stamp(setup, tmp_path, text):
    (tmp_path / "installed.json").write_text(text)
    assert setup.read_stamp(tmp_path) == {}


def fake_venv(setup, project):
    python = setup.python_in(project / ".venv")
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return project / ".venv"


def test_a_second_run_installs_nothing(setup, project, monkeypatch, capsys):
    commands = []
    venv = fake_venv(setup, project)
    monkeypatch.setattr(setup, "installed_version", lambda venv, package: "2.13.0+cpu")
    monkeypatch.setattr(setup, "pip", lambda venv, *arguments: commands.append(arguments))
    setup.set_up(project, frozenset({"dev"}))
    assert commands == [("install", "--constraint", "constraints.txt", "--editable", ".[dev]")]
    assert json.loads((venv / "installed.json").read_text())["extras"] == ["dev"]
    capsys.readouterr()
    for extras in (frozenset({"dev"}), frozenset()):
        setup.set_up(project, extras)
    assert len(commands) == 1
    assert capsys.readouterr().out == ""


def test_an_install_that_failed_is_tried_again(setup, project, monkeypatch):
    def fails(venv, *arguments):
        raise setup.SetupError("no network")

    venv = fake_venv(setup, project)
    monkeypatch.setattr(setup, "installed_version", lambda venv, package: "2.13.0")
    monkeypatch.setattr(setup, "pip", fails)
    with pytest.raises(setup.SetupError):
        setup.set_up(project, frozenset())
    assert setup.read_stamp(venv) == {}


def test_a_moved_checkout_makes_its_venv_again(setup, project, monkeypatch):
    made = []
    venv = fake_venv(setup, project)
    stamp = {"fingerprint": "of another place", "extras": ["dev"], "root": "/elsewhere"}
    (venv / "installed.json").write_text(json.dumps(stamp))
    monkeypatch.setattr(setup, "installed_version", lambda venv, package: "2.13.0")
    monkeypatch.setattr(setup, "make_venv", made.append)
    monkeypatch.setattr(setup, "check_disk", lambda root, extras: None)
    monkeypatch.setattr(setup, "install_torch", lambda *args, **kwargs: None)
    monkeypatch.setattr(setup, "pip", lambda venv, *arguments: None)
    setup.set_up(project, frozenset())
    assert made == [venv]


# Which torch


@pytest.mark.parametrize(
    ("there", "cpu", "local", "answers", "expected"),
    [
        ("2.13.0+cpu", True, False, True, []),
        (None, True, True, True, []),
        (None, True, False, False, []),
        (None, False, False, True, []),
        ("2.13.0+cpu", False, False, True, [("uninstall", "--yes", "torch")]),
        (None, True, False, True, ["index"]),
        ("2.12.0", True, False, True, ["index"]),
    ],
)
def test_the_cpu_index_is_used_only_where_it_is_needed(
    setup, tmp_path, monkeypatch, there, cpu, local, answers, expected
):
    commands = []
    monkeypatch.setattr(setup.sys, "platform", "linux")
    monkeypatch.setattr(setup, "pip_succeeds", lambda *arguments: local)
    monkeypatch.setattr(setup, "answers", lambda url: answers)
    monkeypatch.setattr(setup, "pip", lambda venv, *arguments: commands.append(arguments))
    setup.install_torch(tmp_path, "2.13.0", there=there, cpu=cpu)
    from_index = ("install", "--no-deps", "--index-url", setup.CPU_WHEELS, "torch==2.13.0")
    assert commands == [from_index if entry == "index" else entry for entry in expected]


def test_torch_and_its_pin_are_in_constraints(setup):
    constraints = (ROOT / "constraints.txt").read_text()
    assert re.fullmatch(r"\d+\.\d+\.\d+", setup.pin_of("torch", constraints))
    pinned = set(re.findall(r"^([a-z0-9-]+)==\S+$", constraints, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    named = {re.match(r"[\w-]+", line)[0].lower() for each in lists for line in each}
    assert named - pinned == set()


# Errors


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (
            "Collecting rich\nERROR: Could not install packages due to an OSError: "
            "[Errno 28] No space left on device\n",
            "the disk is full",
        ),
        (
            "WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError("
            "Temporary failure in name resolution)': /simple/rich/\n"
            "ERROR: No matching distribution found for rich",
            "no network",
        ),
        (
            "ERROR: No matching distribution found for torch==2.13.0",
            "there is no torch==2.13.0 for Python 3.",
        ),
        ("building…\nerror: command 'g++' failed\nhint: see above", "pip failed: command 'g++'"),
        ("", "pip failed: it printed nothing"),
    ],
)
def test_a_failed_install_is_told_in_one_line(setup, output, line):
    told = setup.error_line(output, what="pip")
    assert told.startswith(line)
    assert "\n" not in told


def test_an_error_is_one_line_and_status_1(setup, monkeypatch, capsys):
    def full(root, extras):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(setup, "set_up", full)
    assert setup.main(["start"]) == 1
    assert capsys.readouterr().err.startswith("error: the disk is full")


def test_a_full_disk_is_told_before_anything_is_installed(setup, project, monkeypatch):
    monkeypatch.setattr(setup.shutil, "disk_usage", lambda path: Free)
    with pytest.raises(setup.SetupError, match=r"the disk is full: 0\.3 GB are free"):
        setup.check_disk(project, ["dev"])


class Free:
    free = 300_000_000


def test_without_venv_and_virtualenv_the_package_is_named(setup, tmp_path, monkeypatch):
    monkeypatch.setattr(setup.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(setup.shutil, "which", lambda name: None)
    with pytest.raises(setup.SetupError, match="apt install python3-venv"):
        setup.make_venv(tmp_path / ".venv")


def test_an_unknown_extra_or_kata_is_named(setup, project):
    assert setup.extras_named(" dev,gpu", project) == {"dev", "gpu"}
    with pytest.raises(setup.SetupError, match="no extra 'gpus': there are dev, gpu"):
        setup.extras_named("gpus", project)
    with pytest.raises(setup.SetupError, match="no kata 'atention'"):
        setup.start(project, "atention")


# Editors


def read_jsonc(path):
    lines = path.read_text().splitlines()
    return json.loads("\n".join(line for line in lines if not line.lstrip().startswith("//")))


@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / ".vscode").glob("*.json")), *sorted((ROOT / ".devcontainer").rglob("*.json"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_editor_files_can_be_read(path):
    assert read_jsonc(path)


def test_the_problem_matcher_reads_the_last_line_of_a_failure():
    matcher = read_jsonc(ROOT / ".vscode" / "tasks.json")["tasks"][0]["problemMatcher"]["pattern"]
    line = "katas/attention/attention.py:23: wrong: test_scores_are_scaled[64]"
    found = re.match(matcher["regexp"], line)
    assert [found[matcher[name]] for name in ("file", "line", "code", "message")] == [
        "katas/attention/attention.py",
        "23",
        "wrong",
        "test_scores_are_scaled[64]",
    ]
    assert not re.match(matcher["regexp"], "katas/attention/attention.py:23: in attention")
