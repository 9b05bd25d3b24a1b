"""The calls that a GPU would get, on a pretended one: memory, copies and the engine in the right order.

A real GPU runs the same code; here only the driver and the library are others.
"""

import ctypes
from ctypes.util import find_library
from types import SimpleNamespace

import numpy as np
import pytest

from egoprog.runtime import cuda, engines, load
from egoprog.runtime.backend import BackendUnavailable


class FakeDriver:
    """Memory of the processor in place of the GPU's."""

    name, capability, stream = "Pretended", "8.7", 1

    def __init__(self):
        self.buffers = {}

    def enter(self):
        pass

    def allocate(self, num_bytes):
        buffer = ctypes.create_string_buffer(num_bytes)
        self.buffers[ctypes.addressof(buffer)] = buffer
        return ctypes.addressof(buffer)

    def free(self, address):
        del self.buffers[address]

    def upload(self, array, address):
        ctypes.memmove(address, array.ctypes.data, array.nbytes)

    def download(self, address, shape, dtype):
        return np.frombuffer(self.buffers[address], dtype, int(np.prod(shape))).reshape(shape).copy()

    def wait(self):
        pass


class FakeEngine:
    """y = 2x on (1, 3)."""

    num_io_tensors = 2

    def __init__(self, driver):
        self.driver, self.addresses = driver, {}

    def create_execution_context(self):
        return self

    def get_tensor_name(self, k):
        return ("x", "y")[k]

    def get_tensor_mode(self, name):
        return {"x": "input", "y": "output"}[name]

    def get_tensor_shape(self, name):
        return (1, 3)

    def get_tensor_dtype(self, name):
        return np.float32

    def set_tensor_address(self, name, address):
        self.addresses[name] = address

    def execute_async_v3(self, stream):
        doubled = 2 * self.driver.download(self.addresses["x"], (1, 3), np.float32)
        self.driver.upload(doubled, self.addresses["y"])
        return True


@pytest.fixture
def driver(monkeypatch):
    driver = FakeDriver()
    library = SimpleNamespace(
        __name__="tensorrt",
        __version__="10",
        TensorIOMode=SimpleNamespace(INPUT="input"),
        Runtime=lambda logger: SimpleNamespace(deserialize_cuda_engine=lambda data: FakeEngine(driver)),
        nptype=lambda dtype: dtype,
    )
    monkeypatch.setattr(cuda, "driver", lambda: driver)
    monkeypatch.setattr(engines, "library", lambda: library)
    monkeypatch.setattr(engines, "log_of", lambda library: SimpleNamespace(errors=[]))
    monkeypatch.setattr(engines, "cached", lambda path, target: b"engine")
    return driver


def test_tensorrt_is_tried_first_and_gives_what_the_graph_says(doubler, driver):
    session = load(doubler)
    assert (session.backend, session.device, session.fallbacks) == ("tensorrt", "cuda", ())
    assert session.metadata["commit"] == "abc"
    for value in (1, 5):
        said = session.run({"x": np.full((1, 3), value, np.float32)})
        np.testing.assert_array_equal(said["y"], np.full((1, 3), 2 * value))
    del session
    assert not driver.buffers, "memory of the GPU must be given back"


def test_an_engine_that_does_not_load_is_a_fallback(doubler, driver, monkeypatch):
    monkeypatch.setattr(FakeEngine, "create_execution_context", lambda self: None)
    session = load(doubler)
    assert session.backend == "onnxruntime"
    assert "can't run" in session.fallbacks[0].reason


def test_a_machine_without_a_gpu_says_so():
    if find_library("cuda"):
        pytest.skip("this machine has a driver")
    with pytest.raises(BackendUnavailable, match="no driver of an NVIDIA GPU"):
        cuda.Driver()
