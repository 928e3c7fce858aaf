"""`RawKernel`: a CUDA kernel that runs where the learner is."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from autograder.gpu import device
from autograder.gpu.analysis import Launch, Profile, make_launch
from autograder.gpu.language import CompileError, check_options, check_source
from autograder.gpu.runner import runner
from autograder.gpu.server import Request

__all__ = ["CompileError", "LaunchError", "RawKernel", "launch", "record", "route"]

SHARED_LIMIT = 48 * 1024
BYTES_LIMIT = 1 << 30
SECONDS = 10.0

route: Callable[[dict[str, Any]], dict[str, Any]] | None = None
"""Where a call goes: None for this process's own runner; in a worker, to the judge."""

_recordings: list[Profile] = []


class LaunchError(RuntimeError):
    """A launch was ended by a finding, which the message tells."""


class RawKernel:
    """A kernel from CUDA C source, as `cupy.RawKernel`.

    Args:
        source: CUDA C; the kernel is declared `extern "C" __global__`.
        name: of the kernel.
        options: any of -D, -std, --use_fast_math.
    """

    def __init__(self, source: str, name: str, options: Sequence[str] = ()) -> None:
        if not isinstance(source, str) or not isinstance(name, str):
            raise TypeError("source and name of a kernel are strings")
        if isinstance(options, str):
            raise TypeError("options are a tuple of strings")
        self.source, self.name, self.options = source, name, tuple(options)

    def __repr__(self) -> str:
        return f"RawKernel({self.name})"

    def __call__(
        self, grid: Sequence[int], block: Sequence[int], args: Sequence[Any], *, shared_mem: int = 0
    ) -> None:
        """Launch the kernel; arrays among the arguments are changed in place.

        Raises:
            TypeError: for a bare Python number, or an argument that is not what the kernel takes.
            ValueError: for an array that is not C-contiguous or overlaps another, or for sizes
                that no device has.
            CompileError: if the source does not compile.
            LaunchError: if a finding ended the launch.
        """
        if isinstance(args, (tuple, list)) and device.in_process(args):
            device.check_arguments(args)
            grid, block = _dimensions("grid", grid), _dimensions("block", block)
            if _recordings:  # profiles come from the CPU, from copies
                host = tuple(device.to_host(args))
                _raise(
                    launch(self.request(grid, block, host, shared_mem=shared_mem), on_device=False)
                )
            device.run_cupy(self.source, self.name, self.options, grid, block, args, shared_mem)
            return
        request = self.request(grid, block, args, shared_mem=shared_mem)
        result = (route or launch)(request)
        buffers = _distinct(args)
        for array, content in zip(buffers, result["buffers"], strict=False):
            if array.flags.writeable:
                array[...] = content
        _raise(result)

    def request(
        self, grid: Sequence[int], block: Sequence[int], args: Sequence[Any], *, shared_mem: int = 0
    ) -> dict[str, Any]:
        """Check a call and make the plain data that crosses to whoever runs it."""
        if not isinstance(args, (tuple, list)):
            raise TypeError(f"the arguments of {self.name} are a tuple, not {type(args).__name__}")
        buffers = _distinct(args)
        numbers = {_place(array): number for number, array in enumerate(buffers)}
        arguments: list[Any] = []
        for number, argument in enumerate(args, start=1):
            if isinstance(argument, np.ndarray):
                arguments.append(("buffer", numbers[_place(argument)]))
            else:
                arguments.append(("value", _scalar(argument, number, self.name)))
        request = {
            "source": self.source,
            "name": self.name,
            "options": self.options,
            "grid": _dimensions("grid", grid),
            "block": _dimensions("block", block),
            "shared_mem": _whole("shared_mem", shared_mem),
            "buffers": buffers,
            "args": arguments,
        }
        _check_sizes(request)
        return request


def launch(
    request: dict[str, Any],
    *,
    seconds: float | None = None,
    shuffle: int = 0,
    trace: bool = True,
    compiler: str = "",
    on_device: bool = True,
) -> dict[str, Any]:
    """Run a launch in this machine's kernel runner.

    Args:
        request: from `RawKernel.request`; nothing in it is trusted.
        seconds: of CPU time that the launch may take.
        shuffle: seed of a random order of threads, for tests of the runner itself.
        trace: without, no counts and findings.
        compiler: the name of one, "" for the first that is found.
        on_device: whether values come from a second run on a device, where there is one.

    Returns:
        "buffers": the new contents, "launch": the `Launch` as a dict or None, "printed": what the
        kernel printed, "error": None or a dict of "type", "message" and "finding".
    """
    try:
        order, buffers = _convert(request)
    except CompileError as error:
        return _failed("CompileError", str(error))
    except (TypeError, ValueError) as error:
        return _failed(type(error).__name__, str(error))
    order.seconds = seconds or float(os.environ.get("KATA_GPU_SECONDS", SECONDS))
    order.shuffle, order.trace, order.compiler = shuffle, trace, compiler
    answer, contents = runner.run(order, buffers)
    arrays = [
        np.frombuffer(content, dtype=array.dtype).reshape(array.shape)
        for content, array in zip(contents, buffers, strict=False)
    ]
    if not answer.report:
        return _failed(answer.error, answer.message, arrays)
    try:
        found, ended, printed = make_launch(
            answer.report,
            name=order.name,
            grid=order.grid,
            block=order.block,
            arrays=[(array.nbytes, str(array.dtype)) for array in buffers],
        )
    except (ValueError, msgspec.ValidationError):
        return _failed("LaunchError", "crashed: the kernel overwrote its tracer", arrays)
    if found.shared_bytes > SHARED_LIMIT:
        return _failed(
            "ValueError",
            f"{found.shared_bytes} bytes of shared memory, static and "
            f"dynamic together; a block has at most {SHARED_LIMIT}",
        )
    found = msgspec.structs.replace(found, source=order.source)
    for recording in _recordings:
        recording.launches.append(found)
    failure: dict[str, Any] | None = None
    if ended:
        last = found.findings[-1]
        failure = {
            "type": "LaunchError",
            "message": str(last),
            "finding": msgspec.to_builtins(last),
        }
    elif on_device and device.usable():
        arrays = device.run_request(request)
    return {
        "buffers": arrays,
        "launch": msgspec.to_builtins(found),
        "printed": printed,
        "error": failure,
    }


@contextlib.contextmanager
def record() -> Iterator[Profile]:
    """Record the launches that this process runs inside."""
    profile = Profile()
    _recordings.append(profile)
    try:
        yield profile
    finally:
        _recordings[:] = [kept for kept in _recordings if kept is not profile]


def read_launch(data: dict[str, Any]) -> Launch:
    """Rebuild a `Launch` from the "launch" of a result that crossed."""
    return msgspec.convert(data, Launch)


def _raise(result: dict[str, Any]) -> None:
    if result.get("printed"):
        print(result["printed"], end="")
    error = result.get("error")
    if error is None:
        return
    kinds: dict[str, type[Exception]] = {
        "CompileError": CompileError,
        "LaunchError": LaunchError,
        "TypeError": TypeError,
        "ValueError": ValueError,
    }
    raised = kinds.get(error["type"], RuntimeError)(error["message"])
    raised.finding = error.get("finding")  # type: ignore[attr-defined]
    raise raised


def _failed(kind: str, message: str, buffers: Sequence[Any] = ()) -> dict[str, Any]:
    finding = None
    if kind == "LaunchError":
        finding = {"kind": message.partition(":")[0], "detail": message.partition(": ")[2]}
    return {
        "buffers": list(buffers),
        "launch": None,
        "printed": "",
        "error": {"type": kind, "message": message, "finding": finding},
    }


# Checks of a call, on the caller's side and, since that is not trusted, on the runner's.


def _place(array: np.ndarray[Any, Any]) -> tuple[int, int]:
    return (array.__array_interface__["data"][0] if array.nbytes else id(array), array.nbytes)


def _distinct(args: Sequence[Any]) -> list[np.ndarray[Any, Any]]:
    """List the arrays, one passed twice once; two that overlap otherwise are an error."""
    found: dict[tuple[int, int], np.ndarray[Any, Any]] = {}
    for number, argument in enumerate(args, start=1):
        if not isinstance(argument, np.ndarray):
            continue
        if argument.dtype.hasobject or argument.dtype.kind not in "biufcSV":
            raise TypeError(f"argument {number}: an array of dtype {argument.dtype}")
        if not argument.flags.c_contiguous:
            raise ValueError(
                f"argument {number}: an array of shape {argument.shape} that is not "
                "C-contiguous (strides "
                f"{argument.strides}); use xp.ascontiguousarray"
            )
        found.setdefault(_place(argument), argument)
    spans = sorted((start, start + size) for start, size in found if size)
    for (_, end), (start, _) in itertools.pairwise(spans):
        if start < end:
            raise ValueError("two arrays overlap without being the same")
    return list(found.values())


def _scalar(argument: Any, number: int, name: str) -> np.generic:
    if isinstance(argument, np.generic) and argument.dtype.kind in "biuf":
        return argument
    advice = {
        bool: "xp.bool_(…)",
        int: "xp.int32(…)",
        float: "xp.float32(…)",
    }
    for kind, better in advice.items():
        if type(argument) is kind:
            raise TypeError(
                f"argument {number} of {name} is a bare Python {kind.__name__}, which "
                f"is 64 bits wide: pass {better}"
            )
    raise TypeError(
        f"argument {number} of {name} is a {type(argument).__name__}: arrays of xp and "
        "numpy scalars are what a kernel takes"
    )


def _whole(what: str, value: Any) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{what} is a whole number, not {value!r:.60}")
    return int(value)


def _dimensions(what: str, value: Any) -> tuple[int, int, int]:
    if not isinstance(value, (tuple, list)) or not 1 <= len(value) <= 3:
        raise TypeError(f"{what} is a tuple of one to three ints, not {value!r:.60}")
    numbers = [_whole(f"a dimension of {what}", number) for number in value]
    for number in numbers:
        if number < 1:
            raise ValueError(f"{what} {tuple(numbers)}: a dimension is below 1")
    x, y, z = (*numbers, 1, 1)[:3]
    return x, y, z


def _check_sizes(request: dict[str, Any]) -> None:
    x, y, z = request["block"]
    if x * y * z > 1024 or z > 64:
        raise ValueError(
            f"block {request['block']}: a block has at most 1024 threads, 64 of them in z"
        )
    if request["grid"][0] >= 2**31 or max(request["grid"][1:]) > 65535:
        raise ValueError(f"grid {request['grid']}: no device takes that many blocks")
    if not 0 <= request["shared_mem"] <= SHARED_LIMIT:
        raise ValueError(
            f"{request['shared_mem']} bytes of shared memory; a block has at most {SHARED_LIMIT}"
        )


def _convert(request: dict[str, Any]) -> tuple[Request, list[np.ndarray[Any, Any]]]:
    source, name, options = request["source"], request["name"], list(request["options"])
    if not isinstance(source, str) or not isinstance(name, str) or len(source) > 1 << 20:
        raise TypeError("source and name of a kernel are strings")
    check_source(source, name)
    check_options(options)
    checked: dict[str, Any] = {
        "grid": _dimensions("grid", request["grid"]),
        "block": _dimensions("block", request["block"]),
        "shared_mem": _whole("shared_mem", request["shared_mem"]),
    }
    _check_sizes(checked)
    buffers = list(request["buffers"])
    for array in buffers:
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            raise TypeError("a buffer is a numpy array")
    if sum(array.nbytes for array in buffers) > BYTES_LIMIT:
        raise ValueError(f"the arrays have more than {BYTES_LIMIT} bytes together")
    buffers = [np.ascontiguousarray(array).reshape(array.shape) for array in buffers]
    arguments: list[int | bytes] = []
    kinds: list[tuple[str, int]] = []
    for tag, value in request["args"]:
        if tag == "buffer":
            number = _whole("a buffer's number", value)
            if not 0 <= number < len(buffers):
                raise ValueError(f"there is no buffer {number}")
            arguments.append(number)
            kinds.append(("array", 8))
        else:
            scalar = _scalar(value, len(kinds) + 1, name)
            arguments.append(scalar.tobytes())
            kinds.append((scalar.dtype.kind, scalar.dtype.itemsize))
    order = Request(
        source=source,
        name=name,
        options=options,
        arguments=arguments,
        kinds=kinds,
        sizes=[array.nbytes for array in buffers],
        **checked,
    )
    return order, buffers
