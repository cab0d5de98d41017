"""Runs one user-supplied ONNX model through ONNX Runtime; the only module that imports it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as state

from kinesight.domain.errors import BadSetting, ModelMissing, ModelUnusable

_ORT_ERRORS = (
    state.EPFail,
    state.EngineError,
    state.Fail,
    state.InvalidArgument,
    state.InvalidGraph,
    state.InvalidProtobuf,
    state.NoModel,
    state.NoSuchFile,
    state.NotFound,
    state.NotImplemented,
    state.RuntimeException,
    RuntimeError,  # providers that cannot start, such as CUDA without a driver
    ValueError,
)

Shape = tuple[int | None, ...]
"""Sizes of a graph's input or output; None where the graph leaves one open."""


class OnnxSession:
    """A loaded graph with one picture input, `(1, 3, height, width)` float32.

    Parameters
    ----------
    path
        The .onnx file.
    providers
        Names of execution providers, best first.
    threads
        Threads of one inference on the processor.

    Raises
    ------
    BadSetting
        A provider is not in this installation of ONNX Runtime.
    ModelMissing
        There is no such file.
    ModelUnusable
        The file is no ONNX model, or its input is not one picture of a fixed size.
    """

    def __init__(self, path: Path, *, providers: tuple[str, ...], threads: int) -> None:
        _refuse_unknown(providers)
        if not path.is_file():
            raise ModelMissing(f"Your own model {path} does not exist; put it there or change the setting that names it")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), sess_options=options, providers=list(providers))
        except _ORT_ERRORS as error:
            raise ModelUnusable(f"{path.name} cannot be loaded as an ONNX model: {_first_line(error)}") from error
        self._name = path.name
        self._input, self.height_px, self.width_px = self._picture_input()

    def outputs(self) -> dict[str, Shape]:
        """Return the graph's outputs and their sizes."""
        return {one.name: _sizes(one.shape) for one in self._session.get_outputs()}

    def output_named(self, name: str, *, expected: str) -> Shape:
        """Return the sizes of one output. Raises `ModelUnusable`, saying what was expected."""
        outputs = self.outputs()
        if name not in outputs:
            raise self.unusable(expected)
        return outputs[name]

    def unusable(self, expected: str) -> ModelUnusable:
        """Return the error for a graph whose outputs do not fit."""
        return ModelUnusable(f"{self._name} has outputs {self.outputs()}, expected {expected}; see docs/reference/models.md")

    def run(self, picture: NDArray[np.float32], *outputs: str) -> tuple[NDArray[np.generic], ...]:
        """Return the named outputs for one picture (3, height, width). Raises `ModelUnusable` when the graph fails."""
        try:
            found = self._session.run(list(outputs), {self._input: picture[np.newaxis]})
        except _ORT_ERRORS as error:
            raise ModelUnusable(f"{self._name} failed on a picture: {_first_line(error)}") from error
        return tuple(found)

    def _picture_input(self) -> tuple[str, int, int]:
        inputs = self._session.get_inputs()
        found = [(one.name, _sizes(one.shape), one.type) for one in inputs]
        if len(found) == 1:
            name, sizes, kind = found[0]
            if kind == "tensor(float)" and len(sizes) == 4 and sizes[0] in {1, None} and sizes[1] == 3:
                height, width = sizes[2:]
                if height and width:
                    return name, height, width
        raise ModelUnusable(
            f"{self._name} has inputs {found}, expected one float32 input (1, 3, height, width) with a fixed height and width;"
            " see docs/reference/models.md"
        )


def _refuse_unknown(providers: tuple[str, ...]) -> None:
    available = onnxruntime.get_available_providers()
    unknown = [name for name in providers if name not in available]
    if unknown or not providers:
        raise BadSetting(
            f"Setting onnx_providers: {', '.join(unknown) or 'it is empty'}; this installation has {', '.join(available)}"
        )


def _sizes(shape: list[object]) -> Shape:
    return tuple(side if isinstance(side, int) and side > 0 else None for side in shape)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
