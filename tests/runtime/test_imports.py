"""What a robot need not have installed."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
for name in ("torch", "onnx", "onnxruntime", "tensorrt", "tensorrt_rtx", "tensorrt_rtx_bindings", "av", "cv2"):
    sys.modules[name] = None
import egoprog.runtime, egoprog.runtime.engines, egoprog.runtime.on_tensorrt, egoprog.runtime.on_onnxruntime
from egoprog.errors import ModelError
try:
    egoprog.runtime.load(sys.argv[1])
except ModelError as error:
    print(error)
"""


def test_the_runtime_imports_without_any_backend_and_says_what_is_missing(tmp_path):
    path = tmp_path / "some.onnx"
    path.write_bytes(b"\x08\x0a")
    outcome = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, cwd=REPOSITORY, timeout=60
    )
    assert outcome.returncode == 0, outcome.stderr
    assert "TensorRT does not import" in outcome.stdout
    assert "ONNX Runtime does not import" in outcome.stdout
    assert "PyTorch" in outcome.stdout
