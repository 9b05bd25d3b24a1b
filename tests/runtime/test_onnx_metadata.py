"""The texts in an ONNX file, read without the package onnx."""

import onnx
import pytest

from egoprog.errors import ModelError
from egoprog.runtime.onnx_metadata import onnx_metadata


def test_it_reads_what_onnx_wrote(doubler):
    written = {entry.key: entry.value for entry in onnx.load(doubler).metadata_props}
    assert onnx_metadata(doubler) == written == {"commit": "abc", "what": "¡twice!"}


@pytest.mark.parametrize("num_bytes", [1, 20, 60])
def test_a_truncated_file_is_refused(doubler, num_bytes):
    doubler.write_bytes(doubler.read_bytes()[:-num_bytes])
    with pytest.raises(ModelError, match="expected an ONNX graph"):
        onnx_metadata(doubler)
