"""Runs one ONNX model through ONNX Runtime; the only module that imports it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from google.protobuf.message import DecodeError
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
        self._session = _open(str(path), name=path.name, providers=providers, threads=threads)
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


class AnySizeSession:
    """A loaded graph that takes pictures `(1, 3, height, width)` float32 of any size, whatever sizes its file declares.

    Parameters
    ----------
    path
        The .onnx file.
    outputs
        The wanted outputs, in the order in which `run` returns them.
    threads
        Threads of one inference.

    Raises
    ------
    ModelUnusable
        The file is no ONNX model, or one with other outputs.
    """

    def __init__(self, path: Path, *, outputs: tuple[str, ...], threads: int) -> None:
        self._name = path.name
        try:
            graph = _with_open_sizes(path.read_bytes())
        except DecodeError as error:
            raise ModelUnusable(f"{path.name} is no ONNX model") from error
        self._session = _open(graph, name=path.name, providers=("CPUExecutionProvider",), threads=threads)
        found = [one.name for one in self._session.get_outputs()]
        if not set(outputs) <= set(found) or len(self._session.get_inputs()) != 1:
            raise ModelUnusable(f"{path.name} has outputs {found}, expected {list(outputs)} and one input")
        self._input = self._session.get_inputs()[0].name
        self._outputs = outputs

    def run(self, picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Return the wanted outputs for one picture (3, height, width). Raises `ModelUnusable` when the graph fails."""
        try:
            found = self._session.run(list(self._outputs), {self._input: picture[np.newaxis]})
        except _ORT_ERRORS as error:
            raise ModelUnusable(f"{self._name} failed on a picture: {_first_line(error)}") from error
        return tuple(found)


def _with_open_sizes(content: bytes) -> bytes:
    """Return the graph with open height and width, and with its weights as constants.

    Old exporters list every weight as an input, which may be replaced at each run; ONNX Runtime then cannot fold the batch norms
    into the convolutions, and CenterFace takes nearly twice as long.
    """
    model = onnx.load_model_from_string(content)
    graph = model.graph
    weights = {weight.name for weight in graph.initializer}
    inputs = [one for one in graph.input if one.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
    for value in (*graph.input, *graph.output):
        for axis, size in enumerate(value.type.tensor_type.shape.dim):
            if axis != 1:
                size.dim_param = f"{value.name}_{axis}"
    return bytes(model.SerializeToString())


def _open(graph: str | bytes, *, name: str, providers: tuple[str, ...], threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, sess_options=options, providers=list(providers))
    except _ORT_ERRORS as error:
        raise ModelUnusable(f"{name} cannot be loaded as an ONNX model: {_first_line(error)}") from error


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
