"""A headless Chromium, driven over its own protocol: enough to click, type and look."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PATIENCE = 150.0
"""Seconds that anything may take; nothing does on an idle machine."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the Chromium of this machine (CHROMIUM names another)."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One tab."""

    def __init__(self, chromium: str, width: int = 1280, height: int = 800) -> None:
        import websocket

        self._profile = tempfile.mkdtemp(prefix="kata-chromium-")
        self._process = subprocess.Popen(
            [
                chromium,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--window-size={width},{height}",
                f"--user-data-dir={self._profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._numbers = itertools.count(1)
        try:
            self._socket = websocket.create_connection(self._address(), timeout=PATIENCE)
        except BaseException:
            self._process.kill()
            raise
        self.errors: list[str] = []
        self.call("Runtime.enable")
        self.call("Page.enable")
        self.resize(width, height)

    def _address(self) -> str:
        """Return the address of the tab, once the browser answers."""
        import urllib.request

        end = time.monotonic() + PATIENCE
        file = Path(self._profile, "DevToolsActivePort")
        while time.monotonic() < end:
            try:
                port = file.read_text().split()[0]
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=5) as page:
                    tabs = json.load(page)
                return next(t["webSocketDebuggerUrl"] for t in tabs if t["type"] == "page")
            except (OSError, IndexError, StopIteration):
                time.sleep(0.05)
        raise TimeoutError("Chromium did not start")

    def call(self, method: str, **parameters: Any) -> Any:
        """Send a command of the protocol and return its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("method") == "Runtime.exceptionThrown":
                details = message["params"]["exceptionDetails"]
                text = details.get("exception", {}).get("description", details["text"])
                self.errors.append(text)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]

    def open(self, url: str) -> None:
        """Go to an address."""
        self.call("Page.navigate", url=url)

    def resize(self, width: int, height: int, scale: float = 1) -> None:
        """Give the page another size, or more pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )

    def evaluate(self, expression: str) -> Any:
        """Return what a JavaScript expression gives, as plain data; a promise is awaited."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return found["result"].get("value")

    def wait_for(self, expression: str, seconds: float = PATIENCE) -> Any:
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + seconds
        while True:
            try:
                found = self.evaluate(expression)
                error = None
            except RuntimeError as problem:  # while the page is being replaced
                found, error = None, problem
            if found:
                return found
            if time.monotonic() > end:
                said = self.evaluate("document.body.innerText.slice(0, 2000)")
                raise TimeoutError(f"never true: {expression}\n{error or ''}\n{said}")
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """Return the text of the first visible element that matches, "" where none does."""
        return str(self.evaluate(f"({_FIND})({json.dumps(selector)}, '')?.innerText ?? ''"))

    def click(self, selector: str, text: str = "") -> None:
        """Click the first visible element that matches and, if asked, holds a text."""
        find = f"({_FIND})({json.dumps(selector)}, {json.dumps(text)})"
        place = self.wait_for(f"({_STEADY})({find})")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=place[0],
                y=place[1],
                button="none" if kind == "mouseMoved" else "left",
                clickCount=0 if kind == "mouseMoved" else 1,
            )

    def press(self, key: str, modifiers: int = 0) -> None:
        """Press a key; modifiers are 1 Alt, 2 Control, 4 Meta, 8 Shift."""
        code = {"Enter": 13}.get(key) or ord(key.upper())
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                modifiers=modifiers,
                windowsVirtualKeyCode=code,
                code=key if len(key) > 1 else f"Key{key.upper()}",
            )

    def type(self, text: str) -> None:
        """Insert a text where the caret is, in one piece."""
        self.call("Input.insertText", text=text)

    def screenshot(self, path: Path, selector: str | None = None) -> None:
        """Write a picture of the page, or of an element, as PNG."""
        options: dict[str, Any] = {}
        if selector is not None:
            options["clip"] = self.evaluate(
                f"(() => {{ const box = ({_FIND})({json.dumps(selector)}, '')"
                ".getBoundingClientRect(); return {x: box.x, y: box.y, width: box.width, "
                "height: box.height, scale: 1}; })()"
            )
        data = self.call("Page.captureScreenshot", format="png", **options)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        """End the browser."""
        try:
            self.call("Browser.close")
            self._process.wait(10)
        except Exception:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)


_STEADY = """async (found) => {  // where it is, once it stands still and nothing covers it
    if (found === null) return null;
    found.scrollIntoView({block: 'nearest'});
    const before = found.getBoundingClientRect();
    await new Promise((done) => setTimeout(done, 50));
    const box = found.getBoundingClientRect();
    const place = [box.x + box.width / 2, box.y + box.height / 2];
    const there = document.elementFromPoint(...place);
    return box.x === before.x && box.y === before.y && found.contains(there) ? place : null;
}"""
_FIND = """(selector, text) => [...document.querySelectorAll(selector)].find(
    (found) => found.checkVisibility() && found.textContent.includes(text)) ?? null"""
