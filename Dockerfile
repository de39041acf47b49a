# The two images that commands run in; docker/build_images.sh fetches the wheels and builds both.
# The build needs no network, and no BuildKit.
#   tools    the analyzers; no code of a pull request runs there
#   sandbox  Python with pytest and coverage; the tests of a pull request run there
# Any base with Python 3.11 or newer will do, with or without pip.
ARG BASE_IMAGE=python:3.12-slim-bookworm

FROM ${BASE_IMAGE} AS tools-build
LABEL pullwright.stage=build
COPY build/wheels/tools /wheels
RUN python3 -m venv --without-pip /opt/pullwright/venv \
 && /opt/pullwright/venv/bin/python "$(ls /wheels/pip-*.whl)/pip" install --quiet --no-index \
      --find-links /wheels --require-hashes --requirement /wheels/requirements.lock \
 && /opt/pullwright/venv/bin/python -m pip uninstall --quiet --yes pip

FROM ${BASE_IMAGE} AS tools
COPY --from=tools-build /opt/pullwright /opt/pullwright
LABEL pullwright.python=/opt/pullwright/venv/bin/python
USER 65534:65534

FROM ${BASE_IMAGE} AS sandbox-build
LABEL pullwright.stage=build
COPY build/wheels/sandbox /wheels
RUN python3 -m venv --without-pip /opt/pullwright/venv \
 && /opt/pullwright/venv/bin/python "$(ls /wheels/pip-*.whl)/pip" install --quiet --no-index \
      --find-links /wheels --require-hashes --requirement /wheels/requirements.lock

# The folder belongs to the user that commands run as, so that a setup phase can install into it;
# every other file system of a container is read-only.
FROM ${BASE_IMAGE} AS sandbox
COPY --from=sandbox-build --chown=65534:65534 /opt/pullwright /opt/pullwright
LABEL pullwright.python=/opt/pullwright/venv/bin/python
USER 65534:65534
