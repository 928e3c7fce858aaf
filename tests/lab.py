"""A Jupyter server of its own on a project, with the extension as the package has it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType

from browser import PATIENCE, Browser

from autograder import jupyterlab

QUIET = {"notification": {"fetchNews": "false"}, "themes": {"theme": "JupyterLab Light"}}


class Lab:
    """JupyterLab (`lab`) or Notebook 7 (`notebook`) with the katas of a folder."""

    def __init__(self, project: Path, app: str = "lab") -> None:
        self.app = app
        self.home = Path(tempfile.mkdtemp(prefix="kata-lab-"))
        self._write_settings()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = self.home / "log.txt"
        with self.log.open("w") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyter", app, "--no-browser", "--ip=127.0.0.1"),
                    *(f"--port={port}", "--IdentityProvider.token=", "--allow-root"),
                    "--LabApp.expose_app_in_browser=True",
                    "--JupyterNotebookApp.expose_app_in_browser=True",
                    f"--ServerApp.jpserver_extensions={_extensions(app)}",
                ],
                cwd=project,
                env={**os.environ, **self._environment()},
                stdout=log,
                stderr=log,
            )

    def _write_settings(self) -> None:
        extensions = self.home / "share/labextensions"
        extensions.mkdir(parents=True)
        shutil.copytree(jupyterlab.FOLDER, extensions / jupyterlab.NAME)
        folder = self.home / "settings/@jupyterlab/apputils-extension"
        folder.mkdir(parents=True)
        for name, settings in QUIET.items():
            (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(settings))

    def _environment(self) -> dict[str, str]:
        return {
            "JUPYTER_PATH": str(self.home / "share"),
            "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(self.home / "config"),
            "JUPYTER_DATA_DIR": str(self.home / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.home / "runtime"),
            "IPYTHONDIR": str(self.home / "ipython"),
        }

    def wait(self) -> None:
        """Wait until the server answers."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/api", timeout=5).close()
                return
            except OSError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise TimeoutError(f"Jupyter did not start:\n{self.log.read_text()}") from None
                time.sleep(0.1)

    def open(self, browser: Browser, path: str | None = None) -> None:
        """Open the application, or one of its documents, and wait until the katas are there."""
        where = {"lab": "lab", "notebook": "tree"}[self.app]
        if path is not None:
            where = {"lab": "lab/tree", "notebook": "notebooks"}[self.app] + f"/{path}"
        browser.open(f"{self.url}/{where}")
        browser.wait_for("window.jupyterapp && document.querySelector('#kata-list') !== null")
        browser.evaluate("window.jupyterapp.restored.then(() => true)")

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _extensions(app: str) -> str:
    """Return what is to be loaded: ours, and nothing else that takes time to start."""
    off = ("nbgrader.server_extensions.formgrader", "jupyter_lsp", "jupyter_server_terminals")
    return repr({"autograder.jupyterlab": True, **dict.fromkeys(off, False)})
