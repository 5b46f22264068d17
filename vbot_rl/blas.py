"""One thread for the matrix library of this process: our own threads split the work, and tiles are too small for more.

A trial process says so in its environment before numpy loads (`vbot_rl.launch.choose_libraries`). Elsewhere (a test, an
evaluation in a notebook) numpy is already there; then the loaded library is told directly.
"""

import ctypes
import re

_SETTERS = (
    "scipy_openblas_set_num_threads64_",
    "scipy_openblas_set_num_threads",
    "openblas_set_num_threads64_",
    "openblas_set_num_threads",
    "MKL_Set_Num_Threads",
)
_LIBRARY = re.compile(r"\S*(?:openblas|mkl_rt)\S*\.so\S*$")


def loaded_libraries(maps: str) -> list[str]:
    """Paths of the BLAS libraries in the text of ``/proc/self/maps``."""
    found = (_LIBRARY.search(line) for line in maps.splitlines())
    return sorted({match[0] for match in found if match})


def use_one_thread() -> int:
    """Tell every loaded BLAS library to use one thread; the number of libraries that were told."""
    import numpy  # noqa: F401 - loads the library

    try:
        with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
            paths = loaded_libraries(file.read())
    except OSError:
        return 0
    return sum(_tell(path) for path in paths)


def _tell(path: str) -> bool:
    try:
        library = ctypes.CDLL(path)
    except OSError:
        return False
    for name in _SETTERS:
        setter = getattr(library, name, None)
        if setter is not None:
            setter(ctypes.c_int(1))
            return True
    return False
