# Everything a newcomer needs: `make demo` and `make test` set themselves up; python3 with venv is enough.
PYTHON ?= python3
BIN := .venv/bin
TESTS := $(BIN)/python -m pytest

.PHONY: help demo test test-bluez soak rig micropython32 qt-packages pictures lint types accuracy accuracy-conditions bench clean

help:
	@echo "make demo      a whole simulated session; result in ./demo/"
	@echo "make test      style, types and tests: what CI runs"
	@echo "make rig       the firmware on a virtual radio, in real time; RUN='scan' runs another command"
	@echo "make soak      half an hour of four virtual nodes with losses, blackouts and restarts"
	@echo "make test-bluez   the nodes behind a real BlueZ, in a virtual machine (Debian)"
	@echo "make accuracy  hiphold and other filters side by side against truth; writes docs/explanation/accuracy.md"
	@echo "make accuracy-conditions   the same page's further conditions: rates, clocks, both legs, virtual nodes"
	@echo "make micropython32   a 32-bit MicroPython for the tests that want one (Debian)"
	@echo "make qt-packages     what the window and its tests need of the system (Debian)"
	@echo "make pictures  the pictures of the live session in docs/images/"
	@echo "make bench     speed and memory, side by side in one run"
	@echo "make clean     remove what these made"

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo-installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[report,gui]'
	@touch $@

.venv/dev-installed: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: .venv/demo-installed
	$(BIN)/hiphold demo --out demo

# For a person to play with: two nodes on a simulated athlete, received as they would be, in real time.
rig: .venv/dev-installed
	PYTHONPATH=tests $(BIN)/python -m rig --nodes pelvis,thigh_right --loss 0.05 -- $(or $(RUN),record rig.mcap --seconds 60)

# The nodes behind a real BlueZ in a virtual machine (Debian: qemu-system-x86 and mmdebstrap); minutes, not part of `test`.
test-bluez: .venv/dev-installed
	PYTHONPATH=tests $(BIN)/python -m bluez.run

# Half an hour of four nodes with losses, blackouts and restarts, in virtual time.
soak: .venv/dev-installed
	PYTHONPATH=tests $(BIN)/python -m soak.soak

lint: .venv/dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# MicroPython's own standard library as it is on an ESP32; mypy refuses these from site-packages.
typings: pyproject.toml | .venv/bin/python
	rm -rf $@
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --target $@ 'micropython-esp32-stubs>=1.29,<1.30'

# Debian's MicroPython for 32-bit machines, for the tests that need one; they skip without it.
micropython32: .build/micropython32/micropython
.build/micropython32/micropython: tests/micropython32.sh
	sh tests/micropython32.sh

# The system's libraries that Qt stands upon; without them the tests of the window skip.
qt-packages:
	sh tests/qt-packages.sh

# The real window with simulated athletes, without a screen: looked at by a person before they are committed.
pictures: .venv/dev-installed
	$(BIN)/python -m hiphold.view.pictures docs/images

types: .venv/dev-installed typings
	$(BIN)/mypy
	$(BIN)/mypy --config-file mypy-firmware.ini

test: lint types
	$(TESTS) -n auto

# hiphold beside other people's filters, against truth: page and pictures, from seeds and public data.
accuracy: .venv/dev-installed
	PYTHONPATH=tests:tests/accuracy $(BIN)/python -m table

# What takes too long for the table: other rates, clocks, both legs and trunk, and the whole way through virtual nodes.
accuracy-conditions: .venv/dev-installed
	$(TESTS) tests/accuracy --long -s --figures docs/explanation/accuracy.md

bench: .venv/dev-installed
	$(BIN)/python tests/bench/bench.py
	$(BIN)/python tests/bench/growth.py
	$(BIN)/python tests/bench/fusion.py
	$(BIN)/python tests/bench/sampler.py
	$(BIN)/python tests/bench/firmware_size.py
	$(BIN)/python tests/bench/live.py push nodes window

clean:
	rm -rf .venv typings demo dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
