"""What TensorRT needs of CUDA beside itself: memory, copies, a stream. Of the driver, which comes with every GPU."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_int, c_size_t, c_uint, c_uint64, c_void_p, create_string_buffer
from functools import cache

import numpy as np
from numpy.typing import NDArray

from egoprog.errors import ModelError
from egoprog.runtime.backend import BackendUnavailable

_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
_NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING


class Driver:
    """The first GPU, with one stream. name: e.g. "Orin". capability: e.g. "8.7"."""

    def __init__(self) -> None:
        """Raises BackendUnavailable where there is no driver or no GPU."""
        try:
            self._cuda = ctypes.CDLL("libcuda.so.1")
        except OSError as error:
            raise BackendUnavailable(f"no driver of an NVIDIA GPU ({error})") from None
        device, context, stream = c_int(), c_void_p(), c_void_p()
        try:
            self._call("cuInit", c_uint(0))
            self._call("cuDeviceGet", byref(device), c_int(0))
        except ModelError as error:
            raise BackendUnavailable(f"no NVIDIA GPU ({error})") from None
        name, major, minor = create_string_buffer(256), c_int(), c_int()
        self._call("cuDeviceGetName", name, c_int(256), device)
        self._call("cuDeviceGetAttribute", byref(major), c_int(_MAJOR), device)
        self._call("cuDeviceGetAttribute", byref(minor), c_int(_MINOR), device)
        self.name = name.value.decode()
        self.capability = f"{major.value}.{minor.value}"
        self._call("cuDevicePrimaryCtxRetain", byref(context), device)
        self._context = context
        self.enter()
        self._call("cuStreamCreate", byref(stream), c_uint(_NON_BLOCKING))
        self.stream = stream.value

    def enter(self) -> None:
        """Makes the GPU the calling thread's; every thread that uses it calls this first."""
        self._call("cuCtxSetCurrent", self._context)

    def allocate(self, num_bytes: int) -> int:
        """Memory of the GPU, its address."""
        address = c_uint64()
        self._call("cuMemAlloc_v2", byref(address), c_size_t(max(1, num_bytes)))
        return address.value

    def free(self, address: int) -> None:
        """Gives memory back."""
        self._call("cuMemFree_v2", c_uint64(address))

    def upload(self, array: NDArray, address: int) -> None:
        """To the GPU, on the stream; the array must be contiguous."""
        self._call(
            "cuMemcpyHtoDAsync_v2", c_uint64(address), c_void_p(array.ctypes.data), c_size_t(array.nbytes), self._s
        )

    def download(self, address: int, shape: tuple[int, ...], dtype: np.dtype) -> NDArray:
        """From the GPU, on the stream: it is there after `wait`."""
        array = np.empty(shape, dtype)
        self._call(
            "cuMemcpyDtoHAsync_v2", c_void_p(array.ctypes.data), c_uint64(address), c_size_t(array.nbytes), self._s
        )
        return array

    def wait(self) -> None:
        """Until the stream has done all."""
        self._call("cuStreamSynchronize", self._s)

    @property
    def _s(self) -> c_void_p:
        return c_void_p(self.stream)

    def _call(self, name: str, *arguments: object) -> None:
        if code := getattr(self._cuda, name)(*arguments):
            text = ctypes.c_char_p()
            self._cuda.cuGetErrorString(c_int(code), byref(text))
            reason = text.value.decode() if text.value else "unknown"
            raise ModelError(f"expected {name} to work on the GPU, got error {code}, {reason}")


@cache
def driver() -> Driver:
    """The one of this process. Raises BackendUnavailable."""
    return Driver()
