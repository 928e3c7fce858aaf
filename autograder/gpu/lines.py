"""Which line of the learner's source each machine instruction comes from.

Reads what is needed of an ELF file and of its DWARF line table (versions 2 to 5), so that no
binutils are asked for. Files from a compiler are ours, their content is not: every read is bounded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

__all__ = ["Library", "read_library"]

KERNEL_FILE = "kernel.cu"
"""The name by which the learner's source goes in the line table."""

_PF_X = 1


@dataclass(frozen=True)
class Library:
    """What is known of a compiled kernel without loading it.

    Attributes:
        text_start: where the code begins, relative to the load address.
        text_bytes: the length of the code.
        image_bytes: the length of everything that is loaded.
        addresses: ascending, relative to `text_start`.
        lines: the line from each address on, 0 for none of the learner's.
        parameters: kind, size and size of the pointee of each parameter.
        symbols: the functions that it exports, by name, with their places.
    """

    text_start: int
    text_bytes: int
    image_bytes: int
    addresses: tuple[int, ...]
    lines: tuple[int, ...]
    parameters: tuple[tuple[int, int, int], ...]
    symbols: dict[str, int]


def read_library(data: bytes) -> Library:
    """Read a shared library.

    Raises:
        ValueError: if it is no 64-bit little-endian ELF file with code in it.
    """
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"the compiler's output cannot be read: {error}") from None


def _read(data: bytes) -> Library:
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("the compiler made no 64-bit ELF file")
    sections = _sections(data)
    code, image_bytes = _segments(data)
    start, size = code
    rows: list[tuple[int, int]] = []
    if ".debug_line" in sections:
        strings = {name: sections.get(name, b"") for name in (".debug_line_str", ".debug_str")}
        rows = _line_rows(sections[".debug_line"], strings)
    inside = sorted(
        (address - start, line) for address, line in rows if 0 <= address - start < size
    )
    addresses, lines = [0], [0]
    for address, line in inside:
        if address == addresses[-1]:
            lines[-1] = line
        elif line != lines[-1]:
            addresses.append(address)
            lines.append(line)
    raw = sections.get("kata_parameters", b"")
    parameters = [struct.unpack_from("<HHI", raw, at) for at in range(0, len(raw) - 7, 8)]
    if parameters and parameters[-1] == (0, 0, 0):
        parameters.pop()
    return Library(
        text_start=start,
        text_bytes=size,
        image_bytes=image_bytes,
        addresses=tuple(addresses),
        lines=tuple(lines),
        parameters=tuple((kind, bytes_, pointee) for kind, bytes_, pointee in parameters),
        symbols=_symbols(sections),
    )


def _sections(data: bytes) -> dict[str, bytes]:
    offset, size, count, names_at = (
        *struct.unpack_from("<Q", data, 0x28),
        *struct.unpack_from("<HHH", data, 0x3A),
    )
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, offset + size * i) for i in range(count)]
    names = data[headers[names_at][4] :]
    sections = {}
    for header in headers:
        name = _string(names, header[0])
        if header[1] != 8:  # what has no bytes in the file
            sections[name] = data[header[4] : header[4] + header[5]]
    return sections


def _segments(data: bytes) -> tuple[tuple[int, int], int]:
    offset, size, count = (
        *struct.unpack_from("<Q", data, 0x20),
        *struct.unpack_from("<HH", data, 0x36),
    )
    code, end = None, 0
    for i in range(count):
        kind, flags, _, address, _, _, memory, _ = struct.unpack_from(
            "<IIQQQQQQ", data, offset + size * i
        )
        if kind == 1:
            end = max(end, address + memory)
            if flags & _PF_X and code is None:
                code = (address, memory)
    if code is None:
        raise ValueError("the compiler's output has no code")
    return code, (end + 4095) // 4096 * 4096


def _symbols(sections: dict[str, bytes]) -> dict[str, int]:
    table, names = sections.get(".dynsym", b""), sections.get(".dynstr", b"")
    found = {}
    for at in range(0, len(table) - 23, 24):
        name, info, _, section, value = struct.unpack_from("<IBBHQ", table, at)
        if section and info & 15 == 2:
            found[_string(names, name)] = value
    return found


def _string(data: bytes, at: int) -> str:
    return data[at : data.index(0, at)].decode("utf-8", "replace")


class _Reader:
    """A place in a DWARF section."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def number(self, size: int) -> int:
        value = int.from_bytes(self.data[self.at : self.at + size], "little")
        self.at += size
        return value

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def signed(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value - (1 << shift) if byte & 64 else value

    def string(self) -> str:
        text = _string(self.data, self.at)
        self.at = self.data.index(0, self.at) + 1
        return text


def _line_rows(data: bytes, strings: dict[str, bytes]) -> list[tuple[int, int]]:
    rows: list[tuple[int, int]] = []
    reader = _Reader(data)
    while reader.at < len(data):
        length, width = reader.number(4), 4
        if length == 0xFFFFFFFF:
            length, width = reader.number(8), 8
        end = reader.at + length
        rows += _unit_rows(reader, end, width, strings)
        reader.at = end
    return rows


def _unit_rows(
    reader: _Reader, end: int, width: int, strings: dict[str, bytes]
) -> list[tuple[int, int]]:
    version = reader.number(2)
    if version >= 5:
        reader.number(2)  # sizes of an address and of a segment selector
    header_length = reader.number(width)
    program = reader.at + header_length
    shortest = reader.number(1)
    if version >= 4:
        reader.number(1)
    reader.number(1)
    base = reader.number(1)
    base = base - 256 if base > 127 else base
    span, first_special = reader.number(1), reader.number(1)
    operands = [0, *(reader.number(1) for _ in range(first_special - 1))]
    files = _files_5(reader, width, strings) if version >= 5 else _files(reader)
    wanted = {number for number, name in files.items() if name.endswith(KERNEL_FILE)}
    reader.at = program
    rows, address, file, line = [], 0, 1, 1

    def add() -> None:
        rows.append((address, line if file in wanted and 0 < line < 65536 else 0))

    while reader.at < end:
        code = reader.number(1)
        if code >= first_special:
            address += (code - first_special) // span * shortest
            line += base + (code - first_special) % span
            add()
        elif code == 0:
            size = reader.unsigned()
            after, kind = reader.at + size, reader.number(1)
            if kind == 1:
                rows.append((address, 0))
                address, file, line = 0, 1, 1
            elif kind == 2:
                address = reader.number(size - 1)
            reader.at = after
        elif code == 1:
            add()
        elif code == 2:
            address += reader.unsigned() * shortest
        elif code == 3:
            line += reader.signed()
        elif code == 4:
            file = reader.unsigned()
        elif code == 8:
            address += (255 - first_special) // span * shortest
        elif code == 9:
            address += reader.number(2)
        else:
            for _ in range(operands[code]):
                reader.unsigned()
    return rows


def _files(reader: _Reader) -> dict[int, str]:
    while reader.string():
        pass  # folders
    files = {}
    number = 1
    while name := reader.string():
        files[number] = name
        number += 1
        for _ in range(3):
            reader.unsigned()
    return files


def _files_5(reader: _Reader, width: int, strings: dict[str, bytes]) -> dict[int, str]:
    files: dict[int, str] = {}
    for table in ("folders", "files"):
        forms = [(reader.unsigned(), reader.unsigned()) for _ in range(reader.number(1))]
        for number in range(reader.unsigned()):
            for content, form in forms:
                value = _form(reader, form, width, strings)
                if table == "files" and content == 1 and isinstance(value, str):
                    files[number] = value
    return files


def _form(reader: _Reader, form: int, width: int, strings: dict[str, bytes]) -> str | int:
    if form == 0x08:
        return reader.string()
    if form in (0x1F, 0x0E):
        section = strings[".debug_line_str" if form == 0x1F else ".debug_str"]
        return _string(section, reader.number(width))
    if form == 0x0F:
        return reader.unsigned()
    sizes = {0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1E: 16}
    if form not in sizes:
        raise ValueError(f"unknown form {form:#x} in the line table")
    return reader.number(sizes[form])
