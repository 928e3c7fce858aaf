"""The JupyterLab side: a prebuilt extension in `labextension/`, and what it asks the server for.

`labextension/static/katas.js` is served as it is written: nothing is bundled or built. A wheel puts
both where JupyterLab looks; of an editable install setuptools leaves such files out, so
`python -m autograder.jupyterlab` (`make setup`, `kata doctor`) links them.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

NAME = "llm-katas"
FOLDER = Path(__file__).parent / "labextension"
CONFIG = Path(__file__).parent / f"{NAME}.json"


def link(prefix: Path | None = None) -> list[Path]:
    """Put what is missing of the extension into an environment (this one); return what was.

    A folder that cannot be linked (on Windows, say) is copied.
    """
    below = prefix or Path(sys.prefix)
    places = {
        FOLDER: below / "share/jupyter/labextensions" / NAME,
        CONFIG: below / "etc/jupyter/jupyter_server_config.d" / CONFIG.name,
    }
    missing = [source for source, place in places.items() if not place.exists()]
    for source in missing:
        place = places[source]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)  # a link to where the project was
        try:
            place.symlink_to(source)
        except OSError:
            (shutil.copytree if source.is_dir() else shutil.copy)(source, place)
    return [places[source] for source in missing]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": NAME}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "autograder.jupyterlab"}]


def _load_jupyter_server_extension(app: Any) -> None:
    from autograder.jupyterlab.server import load

    load(app)
