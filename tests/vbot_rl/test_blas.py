"""The matrix library really runs on one thread, also where numpy was loaded with more."""

import os
import subprocess
import sys

from vbot_rl.blas import loaded_libraries

CODE = """
import numpy as np, threading, os
from vbot_rl.blas import use_one_thread
a = np.ones((400, 400))
def tasks(): return len(os.listdir('/proc/self/task'))
def busy():
    import resource, time
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(30): a @ a
    return (time.process_time() - cpu) / (time.perf_counter() - wall)
told = use_one_thread()
print(told, busy() < 1.2)
"""


def test_the_loaded_library_is_told():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment)
    told, single = done.stdout.split()
    assert int(told) >= 1 and single == "True"


def test_libraries_are_found_in_the_process_map():
    maps = (
        "7f00-7f01 r-xp 0 08:01 1  /x/numpy.libs/libscipy_openblas64_-56d6093b.so\n"
        "7f01-7f02 r--p 0 08:01 1  /x/numpy.libs/libscipy_openblas64_-56d6093b.so\n"
        "7f02-7f03 r-xp 0 08:01 1  /usr/lib/libc.so.6\n"
    )
    assert loaded_libraries(maps) == ["/x/numpy.libs/libscipy_openblas64_-56d6093b.so"]
