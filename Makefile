# `make demo` and `make test` do everything, set-up included. Each step leaves a stamp, so nothing is done twice.
PYTHON ?= python3.11
INPUT  ?=
OUT    ?= out/demo

VENV   := .venv
BIN    := $(VENV)/bin
STAMPS := $(VENV)/stamps
MSGS   := $(shell find ros_ws/src/egoprog_msgs -type f 2>/dev/null)
# modules are compiled as they are imported: of all that is installed few ever are
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-compile
DEBIAN := libegl1 libgles2 libgl1-mesa-dri

.DELETE_ON_ERROR:
.PHONY: setup demo test lint bench fuzz clean distclean

demo: setup
	$(BIN)/egoprog demo $(if $(INPUT),--input "$(INPUT)") --out "$(OUT)"

# The tests of the live graph watch its timing, so they have the machine for themselves.
test: setup $(STAMPS)/browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/ros
	$(BIN)/python -m pytest tests/ros

fuzz: setup
	$(BIN)/python -m benchmarks.fuzz --cases 100000

bench: setup
	$(BIN)/python -m benchmarks

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/hadolint --failure-threshold info docker/*.Dockerfile

setup: $(STAMPS)/package $(STAMPS)/models

$(STAMPS)/system:
	@missing=""; for p in $(DEBIAN); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing; \
	  else echo "missing Debian packages: run  sudo apt-get install$$missing" >&2; exit 1; fi; fi
	@command -v $(PYTHON) >/dev/null || { echo "expected Python 3.11 as '$(PYTHON)', found none; run  make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "expected Python 3.11 (the ROS wheels are built for it), got $$($(PYTHON) -V); run  make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sysconfig, pathlib, sys; sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists())' || { echo "missing Python headers: run  sudo apt-get install python3-dev" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

# The pages are tested in a browser; without one these tests are left out, and say so.
$(STAMPS)/browser: | $(STAMPS)/system
	@command -v chromium >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium; } || \
	  echo "no Chromium: its tests are left out; run  sudo apt-get install chromium" >&2
	@touch $@

$(STAMPS)/requirements: requirements/base.txt requirements/ros-jazzy.txt requirements/dev.txt requirements/sim.txt requirements/train.txt | $(STAMPS)/system
	$(PIP) $(foreach r,$^,-r $(r))
	@touch $@

# The wheels' CMake files name the include folders of the machine that built them; they are pointed at this one's.
$(STAMPS)/include-paths: $(STAMPS)/requirements
	$(BIN)/python ros_ws/repair_wheel_paths.py $(VENV)/share
	@touch $@

$(STAMPS)/interfaces: $(STAMPS)/include-paths $(MSGS)
	@prefix=$$(pwd)/$(VENV); PATH=$$prefix/bin:$$PATH CMAKE_PREFIX_PATH=$$prefix AMENT_PREFIX_PATH=$$prefix \
	  colcon --log-base build/log build --base-paths ros_ws/src/egoprog_msgs --merge-install \
	  --install-base $(VENV) --build-base build/interfaces --event-handlers console_cohesion- \
	  --cmake-args -DPython3_EXECUTABLE=$$prefix/bin/python -DBUILD_TESTING=OFF --no-warn-unused-cli
	@touch $@

$(STAMPS)/package: setup.py setup.cfg $(STAMPS)/interfaces
	$(PIP) --no-build-isolation --editable .
	@touch $@

$(STAMPS)/models: egoprog/models.py $(STAMPS)/package
	$(BIN)/egoprog models fetch
	@touch $@

clean:
	rm -rf out build install log

distclean: clean
	rm -rf $(VENV)
