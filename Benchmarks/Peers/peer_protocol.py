"""The protocol between a peer and the benchmark: one command on each line of standard input, one answer on each line of
standard output, both as JSON.

prepare  {"kind", "path"}  reads weights and inputs from a safetensors file, whose metadata `settings` says what to build
check    {"path"}          writes what the work gives (a loss and gradients, samples, ...) as a safetensors file
run      {"repeats"}       does the work that often; answers with its seconds
release  {}                forgets all of it

The answer to a command that failed is {"error": ...}; the peer goes on. Between commands the process waits in a read and
computes nothing. What libraries print goes to standard error.
"""

import ctypes
import gc
import json
import os
import signal
import sys
import time
import traceback


def take_channel():
    """The stream for answers; everything else that is printed is sent to standard error."""
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return channel


def end_with_parent():
    """Has the system end this process with the benchmark's, in the middle of its work too."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


CHANNEL = take_channel()
end_with_parent()


def thread_count():
    """How many threads the benchmark computes with; the process is kept to as many processors."""
    count = int(os.environ.get("SEXTANT_THREADS", 0)) or len(os.sched_getaffinity(0))
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[:count])
    return count


def answer(**values):
    CHANNEL.write(json.dumps(values) + "\n")
    CHANNEL.flush()


def absent(reason):
    """Says that the peer cannot take part, and ends."""
    answer(absent=str(reason))
    sys.exit(0)


def read(path):
    """The settings and the arrays of a task."""
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        settings = json.loads((file.metadata() or {}).get("settings", "{}"))
        return settings, {name: file.get_tensor(name) for name in file.keys()}


def write(path, arrays):
    import numpy
    from safetensors.numpy import save_file

    save_file({name: numpy.ascontiguousarray(array, dtype=numpy.float32) for name, array in arrays.items()}, path)


def serve(version, threads, kinds):
    """Answers commands until standard input ends.

    kinds: for each kind of work, what makes it of settings and arrays: an object with check(), which gives arrays by name,
    and run(), which returns when the work is done.
    """
    answer(version=version, threads=threads, kinds=sorted(kinds))
    work = None
    for line in sys.stdin:
        command = json.loads(line)
        try:
            match command["command"]:
                case "prepare":
                    work = None
                    gc.collect()
                    work = kinds[command["kind"]](*read(command["path"]))
                    answer(done=True)
                case "check":
                    write(command["path"], work.check())
                    gc.collect()
                    answer(done=True)
                case "run":
                    start = time.perf_counter()
                    for _ in range(command["repeats"]):
                        work.run()
                    answer(seconds=time.perf_counter() - start)
                case "release":
                    work = None
                    gc.collect()
                    answer(done=True)
        except Exception as error:
            traceback.print_exc()
            answer(error=f"{type(error).__name__}: {error}".splitlines()[0])
