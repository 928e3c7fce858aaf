"""Makes the README's pictures anew: `make test-editors`, then `python tests/screenshots.py`.

It runs copies of the katas, so that the learner's own files stay as they are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from browser import Browser, find_chromium
from lab import Lab

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / ".ci"
EDITOR = ROOT / ".kata/editors/screenshots/wrong.png"
UNSCALED = """\
%%kata attention
def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1) @ value
"""


NAIVE = '''\
from autograder.gpu import RawKernel, xp

SOURCE = r"""
extern "C" __global__ void transpose(const float* x, float* out, int rows, int cols) {
    int col = blockIdx.x * blockDim.x + threadIdx.x;
    int row = blockIdx.y * blockDim.y + threadIdx.y;
    if (row < rows && col < cols)
        out[col * rows + row] = x[row * cols + col];
}
"""


def transpose(x):
    rows, cols = x.shape
    out = xp.empty((cols, rows), dtype=xp.float32)
    grid = (cols + 31) // 32, (rows + 7) // 8
    arguments = x, out, xp.int32(rows), xp.int32(cols)
    RawKernel(SOURCE, "transpose")(grid, (32, 8), arguments)
    return out
'''


def main() -> int:
    """Make the pictures, each smaller than 100 KB."""
    chromium = find_chromium()
    if chromium is None:
        print("Chromium is not installed (CHROMIUM may name it)", file=sys.stderr)
        return 1
    jupyterlab(chromium)
    cuda(chromium)
    if EDITOR.is_file():  # what `make test-editors` left
        shutil.copyfile(EDITOR, PICTURES / "vscode.png")
    for path in sorted(PICTURES.glob("*.png")):
        shrink(path)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size >> 10} KB")
    return 0


def jupyterlab(chromium: str) -> None:
    """Solve attention wrong in a notebook, and take its picture."""
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


def cuda(chromium: str) -> None:
    """Profile a transpose whose stores are far apart."""
    browser = Browser(chromium, 1000, 1450)
    try:
        with tempfile.TemporaryDirectory() as name:
            file, page = Path(name, "cuda_transpose.py"), Path(name, "profile.html")
            file.write_text(NAIVE, encoding="utf-8")
            command = [sys.executable, "-m", "autograder", "profile", str(file)]
            subprocess.run([*command, "--html", str(page)], cwd=ROOT, check=True)
            browser.open(page.as_uri())
            browser.wait_for("document.querySelector('svg') !== null")
            browser.screenshot(PICTURES / "cuda.png")
    finally:
        browser.close()


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
    browser.screenshot(PICTURES / "jupyterlab.png")


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
