# The two commands a newcomer needs are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check lint types imports images app-image dist lock clean help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.installed: pyproject.toml requirements-dev.lock
	@PYTHON="$(PYTHON)" sh docker/make_venv.sh "$(VENV)"
	@touch $@

demo: $(VENV)/.installed images ## review and fix a made-up pull request, with proof
	rm -rf demo-output
	$(BIN)/pullwright demo --into demo-output

test: $(VENV)/.installed images ## run all tests
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: lint types imports test ## all that CI runs

lint: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/zizmor --offline --quiet --strict-collection .github action.yml workflows/*.yml workflows/*/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml workflows/*.yml workflows/*/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

types: $(VENV)/.installed
	$(BIN)/mypy

imports: $(VENV)/.installed
	$(BIN)/lint-imports --no-logo

images: $(VENV)/.installed ## build the tools and sandbox images where Docker answers
	@sh docker/build_images.sh

app-image: $(VENV)/.installed ## build the app image too, for compose.yaml
	@sh docker/build_images.sh app

COMPILE := $(BIN)/pip-compile -q --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links

lock: $(VENV)/.installed ## renew the locked dependencies
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) -o requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) --extra dev --extra app -c requirements.lock -o requirements-dev.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) --extra app -c requirements-dev.lock -o docker/app.lock pyproject.toml docker/app.in
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) --extra action -c requirements-dev.lock -o requirements-action.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) -c requirements.lock -o docker/tools.lock docker/tools.in
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) -c requirements-dev.lock -o docker/sandbox.lock docker/sandbox.in
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) -c requirements-dev.lock -o docker/release.lock docker/release.in

dist: ## build the wheel, the sdist and the SBOM, with what docker/release.lock names
	@[ -x build/release/bin/python ] || $(PYTHON) -m venv build/release
	@build/release/bin/pip install -q --disable-pip-version-check --only-binary=:all: --require-hashes -r docker/release.lock
	@PYTHON=build/release/bin/python sh docker/make_dist.sh

clean: ## remove what the build made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache demo-output
