# Everything needs only Python (3.11 or newer) and make; environments are set up on first use.
#
#   make demo      fit the California housing data and draw the predictions
#   make test      run the tests                  make soak     run the longer campaigns
#   make lint      linters and type checker       make docs     build the HTML pages
#   make interop   exchange checkpoints and graphs with real TensorFlow, which it installs
#   make browser   look at logs in real TensorBoard; UPDATE=1 keeps the screenshots in docs/images
#   make oldest    tests with the oldest dependencies (needs Python 3.11)
#   make pythons   tests on every supported Python found here
#   make clean     remove what was built          make distclean   ... and the environments
#
# PYTHON chooses the interpreter, ARGS goes to pytest:  make test PYTHON=python3.12 ARGS="-k matmul"

PYTHON ?= python3
WORKERS ?= 2
ARGS ?=
PYTHONS ?= $(shell bash .ci/pythons)

VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ifeq ($(VERSION),)
$(error No Python called "$(PYTHON)" was found; name one with PYTHON=...)
endif

VENV := .venv-$(VERSION)
OLDEST := .venv-oldest-$(VERSION)
INTEROP := .venv-interop-$(VERSION)
BROWSER := .venv-browser-$(VERSION)
PIP_INSTALL := -m pip --disable-pip-version-check --no-input install -qq
# Two workers with one BLAS thread each: more would only wait for one another.
# scikit-learn checks estimators on other array libraries only where SciPy may use them.
TEST_ENV := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 SCIPY_ARRAY_API=1
PYTEST := -m pytest -n $(WORKERS) --dist worksteal

.PHONY: help demo test soak lint docs interop browser oldest pythons clean distclean
.DELETE_ON_ERROR:
# Two recipes must not install into one environment at a time.
.NOTPARALLEL:

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' $(MAKEFILE_LIST)

demo: $(VENV)/.demo
	$(VENV)/bin/python examples/california_housing.py

test: $(VENV)/.test
	$(TEST_ENV) $(VENV)/bin/python $(PYTEST) $(ARGS)

soak: $(VENV)/.test
	$(TEST_ENV) $(VENV)/bin/python $(PYTEST) -m soak $(ARGS)

lint: $(VENV)/.lint
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/repo-review --show err .

docs: $(VENV)/.docs
	$(VENV)/bin/sphinx-build -W --keep-going -q -b html docs build/docs
	@echo "build/docs/index.html"

interop: $(INTEROP)/.interop
	$(TEST_ENV) $(INTEROP)/bin/python -m pytest -m interop tests/interop $(ARGS)

browser: $(BROWSER)/.browser
	@bash .ci/browser
	$(TEST_ENV) $(BROWSER)/bin/python -m pytest -m browser tests/browser $(ARGS)
	$(if $(UPDATE),mkdir -p docs/images && cp build/screenshots/*.png docs/images/)

# What a doctest prints is NumPy 2's way of printing; the oldest NumPy computes the same.
oldest: $(OLDEST)/.test
	$(TEST_ENV) $(OLDEST)/bin/python $(PYTEST) \
		-o addopts="-ra --import-mode=importlib -m 'not soak and not interop and not browser'" tests $(ARGS)

pythons:
	@test -n "$(strip $(PYTHONS))" || { echo "No supported Python was found." >&2; exit 1; }
	@set -e; for python in $(PYTHONS); do \
		echo "== $$($$python --version)"; \
		$(MAKE) --no-print-directory test PYTHON=$$python; \
	done

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find skflow tests examples benchmarks docs -name __pycache__ -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv-3.* .venv-oldest-3.* .venv-interop-3.* .venv-browser-3.*

# An environment's stamp is written last, so that an interrupted set-up starts anew.
%/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "skflow needs Python 3.11 or newer, $(PYTHON) is $(VERSION)." >&2; exit 1; }
	@echo "Creating $* ..."
	@rm -rf $* && $(PYTHON) -m venv $* && touch $@

EXTRAS_demo := plot,progress
EXTRAS_test := plot,progress,pandas,jit,test
EXTRAS_lint := plot,progress,pandas,jit,test,lint
EXTRAS_docs := docs
EXTRAS_interop := test,tensorboard,interop
EXTRAS_browser := test,tensorboard,browser

$(VENV)/.demo $(VENV)/.test $(VENV)/.lint $(VENV)/.docs: $(VENV)/.%: $(VENV)/.made pyproject.toml
	@echo "Installing skflow[$(EXTRAS_$*)] into $(VENV) ..."
	@$(VENV)/bin/python $(PIP_INSTALL) -e '.[$(EXTRAS_$*)]' && touch $@

$(INTEROP)/.interop: $(INTEROP)/.made pyproject.toml
	@echo "Installing skflow[$(EXTRAS_interop)] into $(INTEROP) ..."
	@$(INTEROP)/bin/python $(PIP_INSTALL) -e '.[$(EXTRAS_interop)]' && touch $@

$(BROWSER)/.browser: $(BROWSER)/.made pyproject.toml
	@echo "Installing skflow[$(EXTRAS_browser)] into $(BROWSER) ..."
	@$(BROWSER)/bin/python $(PIP_INSTALL) -e '.[$(EXTRAS_browser)]' && touch $@

$(OLDEST)/.test: $(OLDEST)/.made pyproject.toml .ci/floors.py
	@echo "Installing the oldest dependencies into $(OLDEST) ..."
	@$(OLDEST)/bin/python .ci/floors.py > $(OLDEST)/floors.txt
	@$(OLDEST)/bin/python $(PIP_INSTALL) -c $(OLDEST)/floors.txt -e '.[$(EXTRAS_test)]' && touch $@
	@cat $(OLDEST)/floors.txt
