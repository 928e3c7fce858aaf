"""Makes the README's picture of JupyterLab anew: `python tests/screenshots.py`.

It runs a copy of the katas in a real JupyterLab, so that the learner's own files stay as they are.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from browser import Browser, find_chromium
from lab import Lab

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / ".ci/jupyterlab.png"
UNSCALED = """\
%%kata attention
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1) @ value
"""


def main() -> int:
    """Solve attention wrong in a notebook, and take its picture."""
    chromium = find_chromium()
    if chromium is None:
        print("Chromium is not installed (CHROMIUM may name it)", file=sys.stderr)
        return 1
    project = Path(tempfile.mkdtemp(prefix="kata-picture-"))
    for name in ("katas", "solutions"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    os.environ["KATA_HOME"] = str(project / ".home")
    browser = Browser(chromium, 1120, 720)
    try:
        with Lab(project) as lab:
            lab.wait()
            lab.open(browser)
            take(browser)
    finally:
        browser.close()
        shutil.rmtree(project, ignore_errors=True)
    shrink(PICTURE)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size >> 10} KB")
    return 0


def take(browser: Browser) -> None:
    """Write and run the cell, and bring it to the top."""
    browser.evaluate("jupyterapp.shell.activateById('kata-list')")
    browser.click(".kata-entry summary", "attention")
    browser.click(".kata-actions button", "Notebook")
    browser.wait_for("document.querySelectorAll('.jp-CodeCell').length > 4")
    browser.evaluate(
        f"""(async () => {{
            const panel = jupyterapp.shell.currentWidget;
            await panel.sessionContext.ready;
            const cells = panel.content.widgets;
            const find = (text) => cells.findIndex((cell) =>
                cell.model.sharedModel.getSource().includes(text));
            const task = find("def scaled_dot_product_attention");
            cells[task].model.sharedModel.setSource({UNSCALED!r}.trimEnd());
            for (const at of [find("%load_ext"), find("import"), task]) {{
                panel.content.activeCellIndex = at;
                await jupyterapp.commands.execute("notebook:run-cell");
            }}
        }})()"""
    )
    browser.wait_for("document.querySelector('.kata-report') !== null")
    browser.evaluate(
        """(() => {
            const cell = document.querySelector('.kata-report').closest('.jp-CodeCell');
            cell.scrollIntoView({block: 'start'});
        })()"""
    )
    browser.wait_for("document.querySelector('.kata-score').innerText !== ''")
    browser.evaluate("new Promise((done) => setTimeout(done, 500))")
    browser.screenshot(PICTURE)


def shrink(path: Path) -> None:
    """Keep 128 colours, where Pillow is installed: a third of the bytes."""
    try:
        from PIL import Image
    except ImportError:
        return
    Image.open(path).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(
        path, optimize=True
    )


if __name__ == "__main__":
    sys.exit(main())
