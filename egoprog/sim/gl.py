"""Picks the library that renders without a screen, before MuJoCo is imported: MuJoCo reads MUJOCO_GL only once."""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from types import ModuleType

from egoprog.errors import ConfigurationError, ModelError

BACKENDS = {"egl": ("libEGL.so.1",), "osmesa": ("libOSMesa.so.8", "libOSMesa.so.6")}
_log = logging.getLogger(__name__)


def _loads(libraries: tuple[str, ...]) -> bool:
    for library in libraries:
        try:
            ctypes.CDLL(library)
        except OSError:
            continue
        return True
    return False


def load_mujoco() -> ModuleType:
    """MuJoCo, set to render offscreen with EGL, or with OSMesa where there is no EGL.

    A MUJOCO_GL that the user has set stays. Raises ModelError where MuJoCo or every rendering library is missing,
    ConfigurationError where MUJOCO_GL names a renderer that needs a screen.
    """
    if importlib.util.find_spec("mujoco") is None:
        raise ModelError("expected the package mujoco, found none; run  pip install -r requirements/sim.txt")
    if "mujoco" not in sys.modules:
        wished = os.environ.get("MUJOCO_GL", "").lower()
        if wished and wished not in BACKENDS:
            raise ConfigurationError(f"expected MUJOCO_GL to be egl, osmesa or unset, got {wished!r}")
        usable = [name for name in ([wished] if wished else BACKENDS) if _loads(BACKENDS[name])]
        if not usable:
            tried = wished or " and ".join(BACKENDS)
            raise ModelError(f"no library to render offscreen ({tried}); run  apt-get install libegl1 libgl1-mesa-dri")
        if usable[0] != "egl" and not wished:
            _log.warning("EGL does not load; rendering with OSMesa. Debian packages: libegl1 libgl1-mesa-dri")
        os.environ["MUJOCO_GL"] = usable[0]
        # PyOpenGL reads its own variable, and a desktop's setting would contradict ours.
        os.environ["PYOPENGL_PLATFORM"] = usable[0]
        # Mesa's software renderer: a second thread gains little in pictures as small as ours, and recorders that run
        # side by side lose by it.
        os.environ.setdefault("LP_NUM_THREADS", "1")
    import mujoco

    return mujoco
