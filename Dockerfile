# Our three images; docker/build_images.sh fetches the wheels and builds them, each by its own stages.
# The build needs no network, and no BuildKit.
#   tools    the analyzers; no code of a pull request runs there
#   sandbox  Python with pytest and coverage; the tests of a pull request run there
#   app      `pullwright serve`, `worker` and `setup`; compose.yaml runs it
# Any base with Python 3.11 or newer will do, with or without pip; that of `app` has git, too.
ARG BASE_IMAGE=python:3.12-slim-bookworm
ARG APP_BASE_IMAGE=python:3.12-bookworm

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

FROM ${APP_BASE_IMAGE} AS app-build
LABEL pullwright.stage=build
COPY build/wheels/app /wheels
RUN python3 -m venv --without-pip /opt/pullwright/venv \
 && PIP="/opt/pullwright/venv/bin/python $(ls /wheels/pip-*.whl)/pip" \
 && $PIP install --quiet --no-index --no-compile \
      --find-links /wheels --require-hashes --requirement /wheels/requirements.lock \
 && $PIP install --quiet --no-index --no-compile --no-deps /wheels/pullwright-*.whl \
 && $PIP uninstall --quiet --yes pip \
 && find /opt/pullwright/venv/lib -type d \( -name tests -o -path '*/numpy/f2py' -o -path '*/numpy/distutils' \
      -o -path '*/sqlalchemy/testing' \) -prune -exec rm -r {} + \
 && find /opt/pullwright/venv/lib -type f \( -name '*.pyi' -o -name '*.pxd' -o -name '*.h' -o -name '*.a' \) -delete

# Code is root's, and the user that runs it can change none of it; what it writes is in /state, /key
# and /tmp. A volume that is laid over a folder of an image gets that folder's owner and mode.
FROM ${APP_BASE_IMAGE} AS app
COPY --from=app-build /opt/pullwright /opt/pullwright
RUN mkdir -m 0700 /state /key && chown 10001:10001 /state /key
ENV PATH=/opt/pullwright/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/state \
    PULLWRIGHT_STATE_DIR=/state \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8080
# Of `serve`; a worker shows that it lives by its lease in the database.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-I", "-S", "-c", \
  "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8080, timeout=3); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["pullwright"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
