"""Forbidden calls: found in the syntax tree, and refused while the submission runs.

The tree tells before anything runs, for each task by itself, also where a branch is never taken.
At run time the named objects are replaced, which finds what is hidden behind `getattr` or
`importlib`. Suites use the same objects as oracles, so the replacement holds only inside a call.
"""

from __future__ import annotations

import ast
import ctypes
import importlib
import sys
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from types import FrameType, ModuleType
from typing import Any

LONGEST = 32
"""Attributes of a chain that is looked up as a dotted name."""

Violation = tuple[str, str, int]
"""The forbidden name, the file (or cell) and the line that uses it."""


def violations(
    chunks: Iterable[tuple[str, str]], tasks: Collection[str], forbidden: Collection[str]
) -> dict[str, Violation]:
    """Return, for each task that uses a forbidden name, itself or by what it calls, the first use.

    `chunks` holds (file name, source text) pairs that run in one namespace. A name is resolved
    through the imports and simple aliases of the whole file.
    """
    chunks = list(chunks)
    if not any(_may_name(text, forbidden) for _, text in chunks):
        return {}
    definitions: dict[str, tuple[str, ast.AST]] = {}
    aliases: dict[str, str] = {}
    for file, text in chunks:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        aliases.update(_imports(tree))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                definitions[node.name] = file, node
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        name = _dotted(node.value, aliases)
                        if name and "." in name:
                            aliases[target.id] = name
                        else:
                            definitions[target.id] = file, node.value
    found: dict[str, Violation] = {}
    for task in tasks:
        use = _first_use(task, definitions, aliases, forbidden)
        if use:
            found[task] = use
    return found


def _may_name(text: str, forbidden: Iterable[str]) -> bool:
    """Say whether the last part of a forbidden name stands in a text, or could: cheaply.

    Python reads an identifier of other letters in its normal form, which may be an ASCII one.
    """
    return not text.isascii() or any(name.rpartition(".")[2] in text for name in forbidden)


def _imports(tree: ast.AST) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.asname:
                    aliases[name.asname] = name.name
                else:
                    aliases[name.name.partition(".")[0]] = name.name.partition(".")[0]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                aliases[name.asname or name.name] = f"{node.module}.{name.name}"
    return aliases


def _dotted(node: ast.AST, aliases: dict[str, str]) -> str | None:
    """Return the dotted name of attributes of a name, None for anything else.

    A chain of more than `LONGEST` is none: its inner ones come by themselves when a tree is walked.
    """
    attributes: list[str] = []
    while isinstance(node, ast.Attribute) and len(attributes) < LONGEST:
        attributes.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([aliases.get(node.id, node.id), *reversed(attributes)])


def _first_use(
    task: str,
    definitions: dict[str, tuple[str, ast.AST]],
    aliases: dict[str, str],
    forbidden: Collection[str],
) -> Violation | None:
    queue, seen = [task], {task}
    while queue:
        definition = definitions.get(queue.pop(0))
        if definition is None:
            continue
        file, tree = definition
        for node in ast.walk(tree):
            for name in _names_used(node, aliases):
                banned = _covers(forbidden, name, definitions)
                if banned:
                    return banned, file, getattr(node, "lineno", 1)
            if isinstance(node, ast.Name) and node.id in definitions and node.id not in seen:
                seen.add(node.id)
                queue.append(node.id)
    return None


def _names_used(node: ast.AST, aliases: dict[str, str]) -> list[str]:
    if isinstance(node, ast.Attribute | ast.Name):
        name = _dotted(node, aliases)
        return [name] if name else []
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{name.name}" for name in node.names]
    return []


def _covers(
    forbidden: Collection[str], name: str, definitions: dict[str, tuple[str, ast.AST]]
) -> str | None:
    if name in definitions:  # the file's own function of that name
        return None
    for banned in forbidden:
        if name == banned or name.startswith(banned + "."):
            return banned
        # torch.softmax is also torch.functional.softmax; torch.nn.X is torch.nn.modules.….X
        if name.startswith("builtins.") and name[9:] == banned:
            return banned
    return None


class Refused(BaseException):
    """Raised out of a forbidden call; no Exception, so that an `except Exception` lets it pass."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Patches:
    """Replaces the forbidden objects while the submission runs.

    Args:
        forbidden: dotted names of functions, classes, methods or modules.
        is_submission: says whether a frame is the submission's own code.
        for_good: whether torch's fused operators may be taken from the whole process, as in a
            worker: then no thread, and no other name of theirs, leads around the refusal.
    """

    def __init__(
        self,
        forbidden: Iterable[str],
        is_submission: Callable[[FrameType], bool],
        *,
        for_good: bool = False,
    ) -> None:
        self.forbidden = tuple(forbidden)
        self._for_good = for_good
        self.used: tuple[str, FrameType] | None = None
        self._is_submission = is_submission
        self._places: list[tuple[Any, str, Any, Any]] | None = None
        self._modules = frozenset(name for name in self.forbidden if _is_module(name))
        self._depth = 0
        self._operators = any("scaled_dot_product_attention" in name for name in self.forbidden)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Hold the replacement for the length of the block; blocks may nest."""
        self._depth += 1
        if self._depth == 1:
            self._apply()
        try:
            with self._refuse_operators():
                yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._restore()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Put the objects back for the length of the block: the judge's own code runs."""
        depth, self._depth = self._depth, 0
        if depth:
            self._restore()
        try:
            yield
        finally:
            self._depth = depth
            if depth:
                self._apply()

    def _refuse_operators(self) -> Any:
        """Return a context in which torch's fused attention is refused.

        Replacing `torch.nn.functional.scaled_dot_product_attention` leaves `torch._C._nn` and
        `torch.ops.aten` answering; the dispatcher sees the operator under every name.
        """
        if not self._operators or "torch" not in sys.modules:
            return nullcontext()
        if self._for_good:
            _take_operators(self)
            self._operators = False
            return nullcontext()
        return _refusing_mode()(self)

    def refuse(self, name: str) -> None:
        """Note the use of `name` and raise."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not self._is_submission(frame):
            frame = frame.f_back
        if frame is not None and self.used is None:
            self.used = name, frame
        raise Refused(name)

    def _apply(self) -> None:
        if self._places is None:
            self._places = [
                place
                for name in self.forbidden
                if name not in self._modules
                for place in self._find(name)
            ]
        for owner, attribute, _, replacement in self._places:
            setattr(owner, attribute, replacement)
        if self._modules:
            self._hidden = {name: sys.modules.pop(name) for name in self._imported()}
            self._finder = _RefusingFinder(self._modules, self.refuse)
            sys.meta_path.insert(0, self._finder)

    def _imported(self) -> list[str]:
        """Return which forbidden modules are imported; most often none of them is."""
        if not any(banned in sys.modules for banned in self._modules):
            return []
        prefixes = tuple(f"{banned}." for banned in self._modules)
        return [n for n in sys.modules if n in self._modules or n.startswith(prefixes)]

    def _restore(self) -> None:
        for owner, attribute, original, _ in self._places or ():
            if original is _INHERITED:
                delattr(owner, attribute)
            else:
                setattr(owner, attribute, original)
        if self._modules:
            sys.meta_path.remove(self._finder)
            sys.modules.update(self._hidden)

    def _find(self, name: str) -> Iterator[tuple[Any, str, Any, Any]]:
        path, _, attribute = name.rpartition(".")
        owner: Any = _resolve(path or "builtins")
        if owner is None or not hasattr(owner, attribute):
            return
        original = getattr(owner, attribute)
        replacement = self._replacement(name, original)
        stored = original if attribute in vars(owner) else _INHERITED
        if isinstance(owner, type) and stored is not _INHERITED:
            stored = vars(owner)[attribute]
        yield owner, attribute, stored, replacement
        if isinstance(owner, ModuleType) and name.startswith("torch.") and callable(original):
            yield from self._other_torch_places(owner, attribute, original, replacement)

    def _other_torch_places(
        self, owner: ModuleType, attribute: str, original: Any, replacement: Any
    ) -> Iterator[tuple[Any, str, Any, Any]]:
        """Find where else torch keeps a function: parent packages, its C module, its operators."""
        for module in ("torch", "torch.nn", "torch.nn.functional", "torch.functional"):
            other = sys.modules.get(module)
            if other not in (None, owner) and vars(other).get(attribute) is original:
                yield other, attribute, original, replacement
        torch: Any = sys.modules["torch"]
        for place in (torch._C._nn, torch.ops.aten):
            found = getattr(place, attribute, None)
            if found is not None:
                yield place, attribute, found, replacement

    def _replacement(self, name: str, original: Any) -> Any:
        patches = self
        library = not name.startswith(("torch.", "numpy.", "scipy.", "sklearn."))

        def allowed() -> bool:
            # namedtuple and dataclass call eval and exec: only the submission's own call counts.
            return library and not patches._is_submission(sys._getframe(2))

        if isinstance(original, type):

            class Forbidden(original):  # type: ignore[misc]
                def __new__(cls, *args: Any, **kwargs: Any) -> Any:
                    if not allowed():
                        patches.refuse(name)
                    return original(*args, **kwargs)

            Forbidden.__name__ = original.__name__
            return Forbidden

        def forbidden(*args: Any, **kwargs: Any) -> Any:
            if not allowed():
                patches.refuse(name)
            return original(*args, **kwargs)

        return forbidden


_INHERITED = object()


def _is_module(name: str) -> bool:
    if name in sys.modules:
        return isinstance(sys.modules[name], ModuleType)
    top = name.partition(".")[0]
    if top == name:
        return not hasattr(__import__("builtins"), name)
    owner = _resolve(name.rpartition(".")[0]) if top in sys.modules else None
    return not hasattr(owner, name.rpartition(".")[2])


def _resolve(path: str) -> Any:
    """Return the object at a dotted path, importing only below packages already imported."""
    parts = path.split(".")
    if parts[0] not in sys.modules:
        if parts[0] != "builtins" and parts[0] not in sys.stdlib_module_names:
            return None
        importlib.import_module(parts[0])
    found: Any = sys.modules[parts[0]]
    for i, part in enumerate(parts[1:], 2):
        if not hasattr(found, part):
            try:
                importlib.import_module(".".join(parts[:i]))
            except ImportError:
                return None
        found = getattr(found, part, None)
    return found


class _RefusingFinder:
    def __init__(self, modules: frozenset[str], refuse: Callable[[str], None]) -> None:
        self.modules, self.refuse = modules, refuse

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        for banned in self.modules:
            if name == banned or name.startswith(banned + "."):
                self.refuse(banned)


FUSED = ("scaled_dot_product", "multi_head_attention", "_transformer_encoder_layer_fwd")
_ATTENTION = "torch.nn.functional.scaled_dot_product_attention"


def _take_operators(patches: Patches) -> None:
    """Put a refusal in the place of each fused operator, for every thread and until the end."""
    import torch

    def refuse(*args: Any, **kwargs: Any) -> None:
        patches.refuse(_ATTENTION)

    names = [name.removeprefix("aten::") for name in torch._C._dispatch_get_all_op_names()]
    names = [name for name in names if any(part in name for part in FUSED)]
    with warnings.catch_warnings(action="ignore"):
        keys = ["CompositeImplicitAutograd", "CPU", "AutogradCPU"]
        keys += ["CUDA", "AutogradCUDA"] if torch.cuda.is_available() else []
        for key in keys:
            library: Any = torch._C._dispatch_library("IMPL", "aten", key)
            for name in names:
                library.impl(name, key, refuse)
            # Whoever holds the library can take the refusals back: nobody shall find it.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))


@cache
def _refusing_mode() -> Any:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Refusing(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __init__(self, patches: Patches) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.patches = patches

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            # The default wraps the method below so that its first call imports torch._dynamo,
            # which takes a second; nothing is compiled here.
            return False

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if any(part in func.__name__ for part in FUSED):
                self.patches.refuse(_ATTENTION)
            return func(*args, **(kwargs or {}))

    return Refusing
