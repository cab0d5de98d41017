"""Runs one LiteRT (.tflite) model on the processor; the only module that imports LiteRT."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from kinesight.domain.errors import ModelUnusable

_CHATTER = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."

_starting = threading.Lock()


class LiteRtSession:
    """A loaded model with one input. Calls from several threads wait for each other, because an interpreter holds state.

    Parameters
    ----------
    path
        The .tflite file.
    input_shape
        What the model's single input must look like.
    output_shapes
        The wanted outputs, in the order in which `run` returns them; by shape, as names differ between exports of one model.
    threads
        Threads of one inference, 1 or more.

    Raises
    ------
    ModelUnusable
        The file is no LiteRT model, or one with other inputs or outputs.
    """

    def __init__(
        self, path: Path, *, input_shape: tuple[int, ...], output_shapes: tuple[tuple[int, ...], ...], threads: int
    ) -> None:
        try:
            with _quiet_start():
                self._interpreter = Interpreter(model_path=str(path), num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelUnusable(f"{path.name} cannot be loaded as a LiteRT model: {error}") from error
        inputs = self._interpreter.get_input_details()
        outputs = {tuple(int(side) for side in detail["shape"]): detail for detail in self._interpreter.get_output_details()}
        if len(inputs) != 1 or tuple(inputs[0]["shape"]) != input_shape:
            raise ModelUnusable(f"{path.name} takes {[tuple(one['shape']) for one in inputs]}, expected one input {input_shape}")
        absent = [shape for shape in output_shapes if shape not in outputs]
        if absent:
            raise ModelUnusable(f"{path.name} gives outputs {sorted(outputs)}, expected {list(output_shapes)}")
        self._input = inputs[0]["index"]
        self._outputs = tuple(outputs[shape]["index"] for shape in output_shapes)
        self._lock = threading.Lock()

    def run(self, picture: NDArray[np.generic]) -> tuple[NDArray[np.float32], ...]:
        """Return the wanted outputs, copied, for one input of the declared shape and type."""
        with self._lock:
            self._interpreter.set_tensor(self._input, picture)
            self._interpreter.invoke()
            return tuple(self._interpreter.get_tensor(index) for index in self._outputs)


@contextmanager
def _quiet_start() -> Iterator[None]:
    """Keep the one line off standard error that the native library writes at its first start.

    It has no switch for that, and standard error belongs to the user of the command line. Whatever else is written is passed on.
    """
    with _starting, tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if line.rstrip() != _CHATTER:
                    os.write(2, line)
