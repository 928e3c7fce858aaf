"""What the side bar and the toolbar ask for: the list, a notebook, a judgement, a reset.

Everything that is decided is decided here, and by the same functions that `kata …` calls.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from autograder.catalog import CatalogError, Kata, find_kata, find_root
from autograder.notebook.client import JudgeProcess

PLACE = "llm-katas"
"""Where the handlers live, below the server's base address."""


class Room:
    """The project as a Jupyter server sees it.

    Args:
        home: the folder that the server's file browser shows; paths are relative to it.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.judge = JudgeProcess()

    @property
    def root(self) -> Path:
        """The project's root.

        Raises:
            CatalogError: where there is none.
        """
        root = find_root(self.home) or find_root(Path.cwd())
        if root is None:
            raise CatalogError("no katas here: start JupyterLab in the folder that has katas/")
        return root

    def listing(self) -> dict[str, Any]:
        """Return every kata with its state, and where its files are."""
        from autograder.learner.listing import entries
        from autograder.learner.progress import last_points
        from autograder.learner.schedule import due

        root, last, overdue = self.root, last_points(), set(due("kata"))
        katas = []
        for entry in entries(root):
            kata = find_kata(root, entry["name"])
            katas.append(
                {
                    **entry,
                    "last": last.get(kata.name) if kata.suite.is_file() else None,
                    "due": kata.name in overdue,
                    "file": self._path(kata.stub),
                    "notebook": self._path(kata.notebook),
                    "question": self._path(kata.readme),
                    "has_notebook": kata.notebook.is_file(),
                }
            )
        return {"root": str(root), "katas": katas}

    def notebook(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write a kata's notebook, unless there is one."""
        from autograder.notebook.writing import write

        kata = self._kata(request)
        if not kata.notebook.is_file():
            write(kata, kata.notebook)
        return {"path": self._path(kata.notebook)}

    def check(self, request: dict[str, Any]) -> dict[str, Any]:
        """Judge a notebook or file as `kata grade` does, and note the attempt."""
        from autograder.classroom.submissions import HandedIn, read
        from autograder.learner.trial import note_attempt
        from autograder.notebook.page import page

        kata = self._kata(request)
        path = self._file(str(request.get("path")))
        found = self.judge.judge(kata, read(HandedIn(path.name, path, trusted=True), kata))
        assert found.report is not None
        note_attempt(found.report)
        return {
            "name": kata.name,
            "points": found.report.points,
            "max_points": found.report.max_points,
            "html": page(kata, found),
        }

    def reset(self, request: dict[str, Any]) -> dict[str, Any]:
        """Put a kata's file or notebook back; what was there is kept in a backup."""
        from autograder.learner import files
        from autograder.notebook.writing import write

        kata = self._kata(request)
        what = kata.notebook if request.get("what") == "notebook" else kata.stub
        saved = write(kata, what) if what == kata.notebook else files.reset(kata)
        return {"path": self._path(what), "saved": saved.name if saved else None}

    def _kata(self, request: dict[str, Any]) -> Kata:
        return find_kata(self.root, str(request.get("name")))

    def _path(self, path: Path) -> str | None:
        """Return a path as the file browser names it; None where it does not show it."""
        path = path.resolve()
        return path.relative_to(self.home).as_posix() if path.is_relative_to(self.home) else None

    def _file(self, name: str) -> Path:
        path = (self.home / name).resolve()
        if not path.is_relative_to(self.home) or not path.is_file():
            raise CatalogError(f"{name}: no such file")
        return path


class _Handler(APIHandler):
    """Answers a request with what a method of the room returns."""

    auth_resource = "contents"

    def initialize(self, action: Callable[..., dict[str, Any]]) -> None:
        """Take the method."""
        self.action = action

    async def answer(self, *arguments: dict[str, Any]) -> None:
        """Call the method on another thread: judging takes a while."""
        try:
            found = await asyncio.to_thread(self.action, *arguments)
        except CatalogError as error:
            self.set_status(400)
            found = {"message": str(error)}
        self.finish(json.dumps(found))


class Question(_Handler):
    """A request that changes nothing."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer it."""
        await self.answer()


class Order(_Handler):
    """A request with a JSON object as its body."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Carry it out."""
        body = self.get_json_body()
        if not isinstance(body, dict):
            raise web.HTTPError(400, "the body is no JSON object")
        await self.answer(body)


def load(app: Any) -> None:
    """Add the handlers to a Jupyter server."""
    room = Room(Path(app.contents_manager.root_dir))
    base = url_path_join(app.web_app.settings["base_url"], PLACE)
    app.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "listing"), Question, {"action": room.listing}),
            (url_path_join(base, "notebook"), Order, {"action": room.notebook}),
            (url_path_join(base, "check"), Order, {"action": room.check}),
            (url_path_join(base, "reset"), Order, {"action": room.reset}),
        ],
    )
