"""Just enough of the protocol-buffer encoding to find the scalars in a TensorBoard event.

Event{1: wall_time, 2: step, 5: Summary{1: Value{1: tag, 2: simple_value, 8: tensor, 9: metadata{1: plugin{1: name}}}}};
all else is skipped.
"""

import struct
from typing import Final, NamedTuple

Plugins = dict[str, str]  # plugin by tag: metadata comes only with the first value of a tag

_DOUBLE: Final = struct.Struct("<d")
_FLOAT: Final = struct.Struct("<f")
_TENSOR_FORMATS: Final = {1: "<f", 2: "<d", 3: "<i", 9: "<q", 19: "<e"}  # by DataType number
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Malformed(Exception):
    """The bytes are not what they should encode."""


class Scalar(NamedTuple):
    """One number of an event."""

    tag: str
    value: float
    offset: int  # of the 32-bit number in the payload; -1 when it was encoded in another way


class ParsedEvent(NamedTuple):
    """What an event says."""

    wall_time: float
    step: int
    scalars: tuple[Scalar, ...]
    simple: bool  # every value in it is a 32-bit number: the rest of its bytes may be remembered


class _Field(NamedTuple):
    number: int
    wire: int
    start: int  # of the content
    end: int
    integer: int  # value of a varint


def parse_event(payload: bytes, plugins: Plugins) -> ParsedEvent:
    """Decode one event.

    Raises:
        Malformed: The payload is not an event.
    """
    wall_time, step, simple = 0.0, 0, True
    scalars: list[Scalar] = []
    for index, item in enumerate(_fields(payload, 0, len(payload))):
        if item.number in (1, 2) and index > 1:
            simple = False
        if item.number == 1 and item.wire == _FIXED64:
            wall_time = _DOUBLE.unpack_from(payload, item.start)[0]
        elif item.number == 2 and item.wire == _VARINT:
            step = _signed(item.integer)
        elif item.number == 5 and item.wire == _BYTES:
            for value in _fields(payload, item.start, item.end):
                if value.number == 1 and value.wire == _BYTES:
                    scalar = _value(payload, value, plugins)
                    simple = simple and scalar is not None and scalar.offset >= 0
                    if scalar is not None:
                        scalars.append(scalar)
    return ParsedEvent(wall_time, step, tuple(scalars), simple)


def _value(payload: bytes, where: _Field, plugins: Plugins) -> Scalar | None:
    tag, number, tensor = "", None, None
    for item in _fields(payload, where.start, where.end):
        if item.number == 1 and item.wire == _BYTES:
            tag = payload[item.start : item.end].decode(errors="replace")
        elif item.number == 2 and item.wire == _FIXED32:
            number, tensor = item.start, None
        elif item.number == 8 and item.wire == _BYTES:
            number, tensor = None, item
        elif item.number == 9 and item.wire == _BYTES:
            plugins.setdefault(tag, _plugin(payload, item))
    if number is not None:
        return Scalar(tag, _FLOAT.unpack_from(payload, number)[0], number)
    if tensor is None or plugins.get(tag, "scalars") != "scalars":
        return None
    content = _tensor_scalar(payload, tensor)
    return None if content is None else Scalar(tag, content, -1)


def _plugin(payload: bytes, where: _Field) -> str:
    for item in _fields(payload, where.start, where.end):
        if item.number == 1 and item.wire == _BYTES:
            for part in _fields(payload, item.start, item.end):
                if part.number == 1 and part.wire == _BYTES:
                    return payload[part.start : part.end].decode(errors="replace")
    return ""


def _tensor_scalar(payload: bytes, where: _Field) -> float | None:
    """The number in a tensor of one element, None for any other tensor."""
    kind, values, dimensionless = 0, [], True
    for item in _fields(payload, where.start, where.end):
        if item.number == 1 and item.wire == _VARINT:
            kind = item.integer
        elif item.number == 2 and item.wire == _BYTES:
            dimensionless = item.start == item.end
        elif item.number == 4 and item.wire == _BYTES:
            values += _unpack(payload, item, _TENSOR_FORMATS.get(kind))
        elif item.number == 5:
            values += _unpack(payload, item, "<f")
        elif item.number == 6:
            values += _unpack(payload, item, "<d")
        elif item.number in (7, 10) and item.wire == _VARINT:
            values.append(float(_signed(item.integer)))
        elif item.number in (7, 10) and item.wire == _BYTES:
            values += _varints(payload, item)
    return values[0] if dimensionless and len(values) == 1 else None


def _unpack(payload: bytes, where: _Field, code: str | None) -> list[float]:
    if code is None:
        return []
    size = struct.calcsize(code)
    if (where.end - where.start) % size:
        raise Malformed("a tensor's content does not fit its type")
    return [float(struct.unpack_from(code, payload, at)[0]) for at in range(where.start, where.end, size)]


def _varints(payload: bytes, where: _Field) -> list[float]:
    values, position = [], where.start
    while position < where.end:
        value, position = _varint(payload, position, where.end)
        values.append(float(_signed(value)))
    return values


def _fields(payload: bytes, start: int, end: int) -> list[_Field]:
    fields: list[_Field] = []
    position = start
    while position < end:
        key, position = _varint(payload, position, end)
        number, wire = key >> 3, key & 7
        integer = 0
        if wire == _VARINT:
            begin = position
            integer, position = _varint(payload, position, end)
        elif wire == _BYTES:
            length, begin = _varint(payload, position, end)
            position = begin + length
        elif wire in (_FIXED64, _FIXED32):
            begin = position
            position += 8 if wire == _FIXED64 else 4
        else:
            raise Malformed(f"wire type {wire} is not in use")
        if position > end or not number:
            raise Malformed("a field does not fit its message")
        fields.append(_Field(number, wire, begin, position, integer))
    return fields


def _varint(payload: bytes, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 70:
        byte = payload[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position
        shift += 7
    raise Malformed("a number does not end")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
