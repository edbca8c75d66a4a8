# The commands of the project. `make run` needs Python 3.11 to 3.13 with venv, and nothing else.

VENV := .venv
PY := $(VENV)/bin/python
# any of them, or one that you name: make run PYTHON=/path/to/python3.12
PYTHON := python3.13 python3.12 python3.11 python3 python
ARGS ?=
# what `make check` does if the service with the advisories can't be reached: required (it fails) or if-reachable
AUDIT ?= required
export AUDIT

MESSAGES := wxcode/locale/zh_Hans/LC_MESSAGES/django.po

.PHONY: help run dev test test-fast drills soak check audit fmt screenshots backup restore secrets messages lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make run       start everything on this machine (PORT, WXCODE_DATA_DIR: see .env.example)'
	@echo 'make dev       the same, with DEBUG on; each process restarts when its code changes'
	@echo 'make test      run all tests; on PostgreSQL, too, where the database can matter (ARGS: for pytest; COVERAGE=1)'
	@echo 'make test-fast run only tests/unit, which needs no service'
	@echo 'make drills    run the long forms of tests/drills and all rehearsed failures (an hour)'
	@echo 'make soak      run all tests ten times on a busy machine'
	@echo 'make check     check lint, types, migrations, compose file, Dockerfile, deployment, known vulnerabilities'
	@echo 'make audit     check known vulnerabilities; fails if it can not find out (AUDIT=if-reachable: prints a warning)'
	@echo 'make fmt       format the code, and fix what ruff can fix'
	@echo 'make screenshots  create images of all pages in docs/screenshots/ (needs Chromium); git keeps those that a document shows'
	@echo 'make backup    back up database and images to a new directory, and the keys to a file (TO=directory, KEYS=file)'
	@echo 'make restore   restore a backup to an empty installation (FROM=directory, KEYS=file, ARGS=--overwrite)'
	@echo 'make secrets   create missing files that docker-compose.yml mounts, with random keys and passwords'
	@echo 'make messages  collect texts for translation, and compile the translation (needs gettext)'
	@echo 'make lock      pin the dependencies of pyproject.toml again, with the hashes of their files'
	@echo 'make clean     remove the Python environment; data is kept'

run: $(VENV)/runtime
	@$(PY) -m wxcode.stack --with-parent

dev: export DEBUG = true
dev: $(VENV)/development
	@$(PY) -m wxcode.stack --with-parent --reload

test: $(VENV)/development
	@$(PY) -m tests $(ARGS)

test-fast: $(VENV)/development
	@$(PY) -m pytest tests/unit $(ARGS)

drills: export DRILLS = long
drills: $(VENV)/development
	@$(PY) -m pytest tests/drills $(ARGS)
	@$(PY) -m benchmarks.drills

soak: $(VENV)/development
	@$(PY) -m benchmarks.soak_suite $(ARGS)

# Values without any access: the configuration of a production server is checked.
check messages: export SECRET_KEY = only-for-make-check-0123456789-abcdefghijklmnopqrstuvwxyz
check messages: export WXCODE_SEAL_KEYS = b25seS1mb3ItbWFrZS1jaGVjay0wMTIzNDU2Nzg5YWI=
check messages: export WXCODE_DATA_DIR = $(VENV)/check-data
check messages: export DATABASE_URL = sqlite://:memory:
check messages: export REDIS_URL = redis://127.0.0.1:6379/0
check messages: export ALLOWED_HOSTS = wxcode.example.com
check messages: export HTTPS_ONLY = true
check messages: export DEBUG = false
check messages: export SANDBOX_URL =
check: $(VENV)/development
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) -m bandit --quiet --recursive --configfile pyproject.toml apps wxcode
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m check_jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	$(VENV)/bin/hadolint Dockerfile
	$(PY) manage.py check --deploy --fail-level WARNING
	$(PY) .ci/audit.py

audit: $(VENV)/development
	@$(PY) .ci/audit.py

fmt: $(VENV)/development
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

screenshots: $(VENV)/development
	@$(PY) -m pytest tests/browser/screenshots.py -q -p no:cacheprovider $(ARGS)

backup: $(VENV)/runtime
	@$(PY) manage.py backup $(if $(TO),--to '$(TO)') $(if $(KEYS),--keys '$(KEYS)') $(ARGS)

# KEYS: for a machine that has none yet; with WXCODE_SEAL_KEYS in the environment or in .env they are not needed
restore: $(VENV)/runtime
	@test -n '$(FROM)' || { echo 'Say which backup: make restore FROM=directory KEYS=file' >&2; exit 1; }
	@$(if $(KEYS),$(PY) -m wxcode.stack.bring_keys '$(KEYS)')
	@$(PY) manage.py restore '$(FROM)' $(ARGS)

# Containers read them with uids of their own, so the files are readable by all; the directory is not.
SECRETS_DIR := .secrets
MAKE_SECRET = test -e '$(SECRETS_DIR)/$(1)' || { umask 222; printf '%s' "$(2)" > '$(SECRETS_DIR)/$(1)'; echo "made $(SECRETS_DIR)/$(1)"; }
RANDOM_WORD = $$(openssl rand -hex 24)
KEPT = $$(cat '$(SECRETS_DIR)/$(1)')

secrets:
	@command -v openssl > /dev/null || { echo 'make secrets needs openssl.' >&2; exit 1; }
	@mkdir -p '$(SECRETS_DIR)' && chmod 700 '$(SECRETS_DIR)'
	@$(call MAKE_SECRET,secret_key,$(RANDOM_WORD)$(RANDOM_WORD))
	@$(call MAKE_SECRET,seal_keys,$$(openssl rand -base64 32 | tr '+/' '-_'))
	@$(call MAKE_SECRET,postgres_password,$(RANDOM_WORD))
	@$(call MAKE_SECRET,redis_password,$(RANDOM_WORD))
	@$(call MAKE_SECRET,database_url,postgres://wxcode:$(call KEPT,postgres_password)@postgres:5432/wxcode)
	@$(call MAKE_SECRET,redis_url,redis://:$(call KEPT,redis_password)@redis:6379/0)
	@$(call MAKE_SECRET,media_storage_options,{})
	@$(call MAKE_SECRET,metrics_token,$(RANDOM_WORD))
	@echo 'Keep a copy of $(SECRETS_DIR)/seal_keys apart from the backups of the database.'

# Run it after texts changed, fill what is empty or fuzzy in the .po file, run it again, commit .po and .mo.
messages: $(VENV)/runtime
	$(PY) manage.py makemessages --locale zh_Hans --no-location --no-obsolete --no-wrap --verbosity 0 \
		--ignore '.*' --ignore tests --ignore benchmarks --ignore docs
	@sed '/^"POT-Creation-Date/d' $(MESSAGES) > $(MESSAGES).new && mv $(MESSAGES).new $(MESSAGES)
	$(PY) manage.py compilemessages --ignore '.*'

COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

# --universal: the hashes of the files of every platform, whatever this machine is
lock: $(VENV)/runtime
	@$(FIND_UV); \
	$(COMPILE) --output-file requirements.txt pyproject.toml && \
	$(COMPILE) --extra dev --output-file requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV)

# --- the Python environment: created once, updated when the pinned dependencies change ---------------

# uv (the one on PATH, else the pinned one) needs at most half of pip's time, and uses the index that pip is configured for.
# If uv is missing or fails, pip is used. Both install only files whose hash is pinned, and compile them: loading wxcode takes
# four times as long otherwise.
PIP_INSTALL := $(PY) -m pip install -qq --disable-pip-version-check --no-input --require-hashes

define FIND_UV
index=$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(PY) -m pip config get global.index-url 2>/dev/null)}}; \
if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
PATH="$$PATH:$(CURDIR)/$(VENV)/bin"; \
if ! command -v uv >/dev/null; then \
	sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt 2>/dev/null; \
	$(PIP_INSTALL) -r $(VENV)/uv.txt 2>/dev/null; \
fi
endef

define INSTALL
$(FIND_UV); \
if command -v uv >/dev/null; then \
	uv pip install --quiet --compile-bytecode --python $(PY) --require-hashes -r $(1) && exit 0; \
	echo 'uv failed; trying pip.' >&2; \
fi; \
$(PIP_INSTALL) -r $(1)
endef

$(VENV)/runtime: requirements.txt | $(VENV)/ready
	@echo 'Installing the dependencies into $(VENV) ...'
	@$(call INSTALL,requirements.txt)
	@touch $@

$(VENV)/development: requirements-dev.txt $(VENV)/runtime
	@echo 'Installing what the tests need into $(VENV) ...'
	@$(call INSTALL,requirements-dev.txt)
	@touch $@

FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

# the Python below it was removed or upgraded: create it again
ifeq ($(wildcard $(PY)),)
$(shell rm -f $(VENV)/ready $(VENV)/runtime $(VENV)/development)
endif

define MAKE_VENV
if $(PY) -c '$(FITS)' 2>/dev/null; then exit 0; fi; \
for candidate in $(PYTHON); do \
	version=$$("$$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue; \
	if "$$candidate" -c '$(FITS)'; then python=$$candidate; break; fi; \
	found="$$found $$version"; \
done; \
if [ -z "$$python" ]; then \
	echo "wxcode needs Python 3.11, 3.12 or 3.13 (found:$${found:- none}): install one, or name it with" \
		"'make $(firstword $(MAKECMDGOALS)) PYTHON=/path/to/python3.12'." >&2; \
	exit 1; \
fi; \
if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
	echo "$$python comes without venv: install it (Debian: apt-get install python3-venv)." >&2; \
	exit 1; \
fi; \
"$$python" -m venv --clear $(VENV)
endef

$(VENV)/ready:
	@$(MAKE_VENV)
	@touch $@
