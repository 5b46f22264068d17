"""Reading and writing PyTorch's ``.pt`` files without PyTorch, for arrays and builtins only.

A trial process never needs torch, and loading it would cost a second of start and 200 MB of memory. What is written
here is read by ``torch.load(weights_only=True)``, and the bytes depend on the content alone. The format: a zip archive,
stored, with a pickle (protocol 2) that names tensors by ``_rebuild_tensor_v2`` and the raw data of each in an entry.
"""

import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_STORAGES = {
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "int64": "LongStorage",
    "int32": "IntStorage",
    "int16": "ShortStorage",
    "int8": "CharStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}
_DTYPES = {storage: np.dtype(name) for name, storage in _STORAGES.items()}
_ROOT = "archive"


class PtFileError(Exception):
    """The bytes are not a file of this kind, or a value cannot be stored in one."""


def dumps(value: object) -> bytes:
    """The bytes of a ``.pt`` file that holds ``value``: dicts, lists, tuples, numbers, texts, None and numpy arrays."""
    pickler = _Pickler()
    pickler.write(value, "")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, "data.pkl", b"\x80\x02" + bytes(pickler.code) + b".")
        _add(archive, "byteorder", b"little")
        for key, array in enumerate(pickler.arrays):
            _add(archive, f"data/{key}", array.tobytes())
        _add(archive, "version", b"3\n")
    return out.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(f"{_ROOT}/{name}", (1980, 1, 1, 0, 0, 0)), data)


class _Pickler:
    """Just enough of pickle protocol 2."""

    def __init__(self) -> None:
        self.code = bytearray()
        self.arrays: list[Array] = []

    def write(self, value: Any, where: str) -> None:  # noqa: ANN401 - any builtin
        code = self.code
        if value is None:
            code += b"N"
        elif isinstance(value, bool | np.bool_):
            code += b"\x88" if value else b"\x89"
        elif isinstance(value, int | np.integer):
            self._int(int(value))
        elif isinstance(value, float | np.floating):
            code += b"G" + struct.pack(">d", float(value))
        elif isinstance(value, str):
            data = str(value).encode()
            code += b"X" + struct.pack("<I", len(data)) + data
        elif isinstance(value, dict):
            code += b"}("
            for key, item in value.items():
                self.write(key, where)
                self.write(item, f"{where}.{key}")
            code += b"u"
        elif isinstance(value, list | tuple):
            code += b"](" if isinstance(value, list) else b"("
            for i, item in enumerate(value):
                self.write(item, f"{where}[{i}]")
            code += b"e" if isinstance(value, list) else b"t"
        elif isinstance(value, np.ndarray):
            self._tensor(value, where)
        else:
            raise PtFileError(
                f"{where.lstrip('.')} is a {type(value).__name__}; only arrays and builtins can be stored."
            )

    def _int(self, value: int) -> None:
        if -(2**31) <= value < 2**31:
            self.code += b"J" + struct.pack("<i", value)
        else:
            data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
            self.code += b"\x8a" + bytes([len(data)]) + data

    def _tensor(self, array: Array, where: str) -> None:
        storage = _STORAGES.get(array.dtype.name)
        if storage is None:
            raise PtFileError(f"{where.lstrip('.')} is an array of {array.dtype}; torch has no such tensor.")
        data = np.ascontiguousarray(array).reshape(array.shape)
        strides = tuple(int(s) // data.itemsize for s in data.strides)
        self.code += b"ctorch._utils\n_rebuild_tensor_v2\n("  # callable, then its arguments
        self.code += b"("
        self.write("storage", where)
        self.code += f"ctorch\n{storage}\n".encode()
        key: tuple[object, ...] = (str(len(self.arrays)), "cpu", data.size)
        for part in key:
            self.write(part, where)
        self.code += b"tQ"
        layout: tuple[object, ...] = (0, data.shape, strides, False)
        for part in layout:
            self.write(part, where)
        self.code += b"ccollections\nOrderedDict\n)RtR"
        self.arrays.append(data)


def loads(data: bytes) -> Any:  # noqa: ANN401 - any builtin
    """The value in the bytes of a ``.pt`` file, tensors as numpy arrays; checksums are verified.

    Raises:
        PtFileError: damaged, or it holds something other than tensors and builtins.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            bad = archive.testzip()
            if bad is not None:
                raise PtFileError(f"its part {bad} is damaged")
            names = {name.partition("/")[2]: name for name in archive.namelist()}
            files = {short: archive.read(name) for short, name in names.items()}
        return _Unpickler(files).load()
    except (
        zipfile.BadZipFile,
        NotImplementedError,  # a damaged header names a compression that nobody knows,
        RuntimeError,  # or a password
        LookupError,
        AttributeError,
        EOFError,
        ValueError,
        TypeError,
        pickle.UnpicklingError,
        struct.error,
    ) as error:
        raise PtFileError(str(error) or type(error).__name__) from error


class _Unpickler(pickle.Unpickler):
    """A pickle reader that knows four names and runs nothing else."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(io.BytesIO(files["data.pkl"]))
        self._files = files

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - a callable or a dtype
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise PtFileError(f"it holds {module}.{name}; only tensors and builtins are read")

    def persistent_load(self, pid: Any) -> Array:  # noqa: ANN401 - fixed by pickle
        _, dtype, key, _, _ = pid
        return np.frombuffer(self._files[f"data/{key}"], dtype)


def _rebuild(storage: Array, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> Array:
    steps = tuple(s * storage.itemsize for s in stride)
    return np.lib.stride_tricks.as_strided(storage[offset:], tuple(size), steps).copy()
