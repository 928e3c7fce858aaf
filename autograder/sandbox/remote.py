"""What a test holds of a submission: a task, an object that stays there, a method of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.sandbox import wire

if TYPE_CHECKING:
    from autograder.sandbox.submission import Submission

HANDLE_NAMES = 256
"""How many names the classes of handles have; further ones are called `object`."""


class Method:
    """Stands for a method in the reply to a `get`."""


class Remote:
    """A task, an object of the submission's (a handle), or a method of either."""

    def __init__(self, submission: Submission, base: str | wire.Ref, path: tuple[str, ...]) -> None:
        self._submission, self._base, self._path = submission, base, path

    @property
    def _address(self) -> tuple[Any, tuple[str, ...]]:
        base = self._base
        return (Remote(self._submission, base, ()) if isinstance(base, wire.Ref) else base), (
            self._path
        )

    @property
    def _label(self) -> str:
        base = self._base if isinstance(self._base, str) else self._base.name
        return ".".join((base, *self._path))

    @property
    def _what(self) -> str:
        """The label without the name of an object's class, which is the submission's own affair."""
        base = self._base if isinstance(self._base, str) else "handle"
        return ".".join((base, *self._path))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it there."""
        return self._submission._call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        there = Remote(self._submission, self._base, (*self._path, name))
        request = ("get", *there._address)
        value = self._submission._ask(there._label, there, request, record=False)[0]
        if isinstance(value, Method):
            return there
        self._submission._record.add(there._what, "ok", value)
        return value

    def __bool__(self) -> bool:
        return True

    def __len__(self) -> int:
        return int(self._special("__len__"))

    def __getitem__(self, key: Any) -> Any:
        return self._special("__getitem__", key)

    def __contains__(self, key: Any) -> bool:
        return bool(self._special("__contains__", key))

    def __repr__(self) -> str:
        return f"<{self._label} of the submission>"

    def _special(self, name: str, *args: Any) -> Any:
        there = Remote(self._submission, self._base, (*self._path, name))
        return self._submission._call(there, args, {})


_handle_types: dict[str, type[Remote]] = {}


def handle_type(name: str) -> type[Remote]:
    """Return the class of handles on objects of one class, so that messages can name it."""
    if not name.isidentifier() or (
        len(_handle_types) >= HANDLE_NAMES and name not in _handle_types
    ):
        name = "object"
    if name not in _handle_types:
        _handle_types[name] = type(name, (Remote,), {})
    return _handle_types[name]


def forget_handles() -> None:
    """Forget the names of classes that submissions before this one had."""
    _handle_types.clear()


HANDLE = "<handle>"


def without_handles(value: Any) -> Any:
    """Return a value with a mark in the place of each object that stayed on its side."""
    if isinstance(value, Remote):
        return HANDLE
    if type(value) in (list, tuple):
        return type(value)(map(without_handles, value))
    if type(value) is dict:
        return {key: without_handles(item) for key, item in value.items()}
    return value
