"""One call for a model on whatever a machine has: TensorRT, ONNX Runtime or PyTorch, in a stated order."""

from egoprog.runtime.model_folder import Graph, ModelFolder, open_model
from egoprog.runtime.session import BACKENDS, Fallback, Session, load
from egoprog.runtime.tensors import TensorSpec

__all__ = ["BACKENDS", "Fallback", "Graph", "ModelFolder", "Session", "TensorSpec", "load", "open_model"]
