"""What of CUDA C is refused by name, and what is rewritten, before a compiler sees the source."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["CompileError", "check_options", "check_source", "rewrite"]


class CompileError(RuntimeError):
    """The source is not a kernel of the language; the message says the learner's line."""


_WORDS = {
    "__asm__": "inline PTX",
    "__asm": "inline PTX",
    "asm": "inline PTX",
    "__half": "half precision (no kata stores it; use float)",
    "__half2": "half precision (no kata stores it; use float)",
    "half2": "half precision (no kata stores it; use float)",
    "__nv_bfloat16": "bfloat16 (no kata stores it; use float)",
    "__nv_bfloat162": "bfloat16 (no kata stores it; use float)",
    "nv_bfloat16": "bfloat16 (no kata stores it; use float)",
    "__threadfence": "a memory fence: blocks can't wait for each other here",
    "__threadfence_block": "a memory fence: use __syncthreads() or __syncwarp()",
    "__threadfence_system": "a memory fence: blocks can't wait for each other here",
    "__nanosleep": "waiting for other blocks",
    "cooperative_groups": "cooperative groups: use __syncthreads(), __syncwarp() and shuffles",
    "texture": "textures",
    "surface": "surfaces",
    "cudaTextureObject_t": "textures",
    "cudaSurfaceObject_t": "surfaces",
    "tex1D": "textures",
    "tex2D": "textures",
    "tex3D": "textures",
    "tex1Dfetch": "textures",
    "nvcuda": "tensor cores",
    "wmma": "tensor cores",
    "__managed__": "managed memory",
    "cudaLaunchKernel": "a kernel that launches kernels",
    "cudaDeviceSynchronize": "a kernel that launches kernels",
    "cudaMemcpyToSymbol": "host code",
    "cudaMalloc": "host code: arrays come from xp.empty",
    "__attribute__": "an attribute of another compiler",
    "__attribute": "an attribute of another compiler",
    "__declspec": "an attribute of another compiler",
    "_Pragma": "_Pragma",
    "__has_include": "#include (nothing here needs one)",
    "__has_include_next": "#include (nothing here needs one)",
    "__has_embed": "#embed",
}
_DIRECTIVES = {"define", "undef", "if", "ifdef", "ifndef", "elif", "else", "endif", "error", ""}
_TOKEN = re.compile(r"[A-Za-z_]\w*|<<<|\[\[|.", re.DOTALL)
_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?(?:\*/|\Z)|R"([^()\\\s]{0,16})\(.*?(?:\)\1"|\Z)'
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
    re.DOTALL,
)


def check_source(source: str, name: str) -> None:
    """Refuse what is not in the language, with the line.

    Raises:
        CompileError: what was found, and what to use.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise CompileError(f"{name!r} is not the name of a kernel")
    if "\0" in source:
        raise CompileError("the source has a zero byte in it")
    plain = _blank(source)
    joined = plain.replace("\\\r\n", "").replace("\\\n", "")
    for text in (joined, plain):
        for match in re.finditer(r"(?m)^[^\S\n]*(?:#|%:|\?\?=)[^\S\n]*(\w*)", text):
            _check_directive(match[1], text.count("\n", 0, match.start(1)) + 1)
        line = 1
        for match in _TOKEN.finditer(text):
            token = match[0]
            if token in _WORDS:
                raise CompileError(f"line {line}: not in the language: {_WORDS[token]}")
            if token == "<<<":
                raise CompileError(
                    f"line {line}: not in the language: a kernel that launches "
                    "kernels (<<<…>>> is host code)"
                )
            if token == "[[" and re.match(r"\[\[\s*(gnu|clang|using)\b", text[match.start() :]):
                raise CompileError(
                    f"line {line}: not in the language: an attribute of another compiler"
                )
            line += token == "\n"
    _check_variables(plain)
    if not re.search(r"\b__global__\b", plain):
        raise CompileError(
            f'the source has no kernel: extern "C" __global__ void {name}(…) is missing'
        )
    if not re.search(rf"\b{name}\s*\(", plain):
        raise CompileError(f"the source has no kernel named {name}")


def check_options(options: Sequence[str]) -> tuple[list[str], str]:
    """Take the options apart.

    Returns:
        The definitions, as `#define` lines, and the version of C++.

    Raises:
        CompileError: for an option that is not of the short list.
    """
    defines, standard = [], "c++17"
    rest = list(options)
    while rest:
        option = rest.pop(0)
        if not isinstance(option, str):
            raise CompileError(f"an option is a string, not {option!r}")
        if option in ("-D", "--define-macro", "-std", "--std") and rest:
            option += ("=" if option.endswith("std") else "") + rest.pop(0)
        if match := re.fullmatch(r"(?:-D|--define-macro=)([A-Za-z_]\w*)(?:=([^\r\n\\]*))?", option):
            defines.append(f"#define {match[1]} {'1' if match[2] is None else match[2]}")
        elif match := re.fullmatch(r"--?std=c\+\+(03|11|14|17|20)", option):
            standard = "c++20" if match[1] == "20" else "c++17"
        elif option not in ("--use_fast_math", "-use_fast_math"):
            raise CompileError(f"option {option!r} is not one of -D, -std, --use_fast_math")
    return defines, standard


def rewrite(source: str) -> str:
    """Turn what macros cannot express into C++; lines stay where they are."""
    plain = _blank(source)
    edits: list[tuple[int, int, str]] = []
    # Dynamic shared memory: all such arrays are one, as on a device.
    for match in re.finditer(
        r"\bextern\b([^;{}()]*?)\b__shared__\b|\b__shared__\b([^;{}()]*?)\bextern\b", plain
    ):
        end = plain.find(";", match.end())
        if end < 0:
            continue
        for word in re.finditer(r"\b__shared__\b", plain[match.start() : end]):
            start = match.start() + word.start()
            edits.append((start, start + len("__shared__"), ""))
        for size in re.finditer(r"\]\s*(?=[,;])", plain[match.end() : end + 1]):
            at = match.end() + size.start() + 1
            edits.append((at, at, ' __asm__("kata_dynamic_shared")'))
    dynamic = [(start, stop) for start, stop, _ in edits]
    for match in re.finditer(r"\bstatic\b(?=[^;{}()]*?\b__(?:shared|constant)__)", plain):
        edits.append((match.start(), match.end(), ""))
    for match in re.finditer(r"\b__(?:shared|constant)__[^;{}()=]*?\b(static)\b", plain):
        if (match.start(), match.start() + len("__shared__")) not in dynamic:
            edits.append((match.start(1), match.end(1), ""))
    # A request is made by one instruction: no loop is unrolled.
    for match in re.finditer(r"(?m)^[^\S\n]*#[^\S\n]*pragma\b[^\n]*", plain):
        edits.append((match.start(), match.end(), ""))
    # Constant data is const already.
    for match in re.finditer(r"(?:\b(?:const|constexpr)\s+)?\b__constant__\b[^;{}()=]*", plain):
        for word in re.finditer(r"\bconst(?:expr)?\b", match[0]):
            edits.append((match.start() + word.start(), match.start() + word.end(), ""))
    for start, stop, text in sorted(set(edits), reverse=True):
        source = source[:start] + text + source[stop:]
    return source


def _blank(source: str) -> str:
    """Replace comments and literals by spaces of the same length; newlines stay."""

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return _LITERAL.sub(spaces, source)


def _check_directive(word: str, line: int) -> None:
    if word in ("include", "include_next", "import", "embed"):
        raise CompileError(f"line {line}: not in the language: #{word} (nothing here needs one)")
    if word not in _DIRECTIVES and word != "pragma":
        raise CompileError(f"line {line}: not in the language: #{word}")


def _check_variables(plain: str) -> None:
    for match in re.finditer(r"(?m)^[^\S\n]*#[^\S\n]*pragma\b(.*)$", plain):
        if not re.match(r"\s*(unroll|nounroll|once)\b", match[1]):
            raise CompileError(
                f"line {plain.count(chr(10), 0, match.start()) + 1}: not in the "
                f"language: #pragma{match[1][:20].rstrip()}"
            )
    without = re.sub(
        r"__align__\s*\([^()]*\)|__launch_bounds__\s*\([^()]*\)",
        lambda found: re.sub(r"[^\n]", " ", found[0]),
        plain,
    )
    for match in re.finditer(r"\b__device__\b([^;(={]*)([;(={])", without):
        line = without.count("\n", 0, match.start()) + 1
        words = match[1].split()
        if (
            match[2] != "("
            and "operator" not in match[1]
            and "__constant__" not in words
            and "struct" not in words
            and "]" not in match[1].partition("[")[0]
        ):
            raise CompileError(
                f"line {line}: not in the language: a __device__ variable (pass an array)"
            )
    for match in re.finditer(r"\b__constant__\b([^;=({]*)([;=({])", without):
        if match[2] == ";":
            line = without.count("\n", 0, match.start()) + 1
            raise CompileError(f"line {line}: __constant__ data needs an initialiser here")
