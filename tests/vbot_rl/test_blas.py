"""The matrix library really runs on one thread, also where numpy was loaded with more."""

import os
import subprocess
import sys

from vbot_rl.blas import loaded_libraries

CODE = """
import ctypes
from vbot_rl.blas import loaded_libraries, use_one_thread
told = use_one_thread()
with open("/proc/self/maps") as maps:
    (path,) = loaded_libraries(maps.read())
library = ctypes.CDLL(path)
names = ("scipy_openblas_get_num_threads64_", "scipy_openblas_get_num_threads", "openblas_get_num_threads")
print(told, next(getattr(library, name) for name in names if hasattr(library, name))())
"""


def test_the_loaded_library_is_told():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == ["1", "1"]


def test_libraries_are_found_in_the_process_map():
    maps = (
        "7f00-7f01 r-xp 0 08:01 1  /x/numpy.libs/libscipy_openblas64_-56d6093b.so\n"
        "7f01-7f02 r--p 0 08:01 1  /x/numpy.libs/libscipy_openblas64_-56d6093b.so\n"
        "7f02-7f03 r-xp 0 08:01 1  /usr/lib/libc.so.6\n"
    )
    assert loaded_libraries(maps) == ["/x/numpy.libs/libscipy_openblas64_-56d6093b.so"]
