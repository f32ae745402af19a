# The service as an image: interpreter, pinned requirements, code and trained artifact, nothing else.
# `make image` builds it; docs/deploy.md shows how it is run.
# checkov:skip=CKV_DOCKER_7:The base has its version in the build argument
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /srv
COPY requirements.txt /tmp/
# No pip in the environment: what is served never installs anything. Nor what packages carry for
# their own development; one that needs its tests would fail the start, which is tried on every
# image. On a read-only root, bytecode that is not there would be compiled again at every start.
RUN python -m venv --without-pip /opt/venv \
    && pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps \
        --require-hashes --disable-pip-version-check --root-user-action ignore \
        --requirement /tmp/requirements.txt \
    && pip --python /opt/venv/bin/python check --disable-pip-version-check \
    && find /opt/venv -depth \
        \( -type d \( -name tests -o -name test -o -path '*/sklearn/datasets/data' \
            -o -path '*/sklearn/datasets/images' \) \
        -o -type f \( -name '*.a' -o -name '*.c' -o -name '*.cpp' -o -name '*.h' -o -name '*.pxd' \
            -o -name '*.pyi' -o -name '*.pyx' -o -name '*.tp' \) \) -exec rm -r {} + \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib
COPY LICENSE gunicorn.conf.py ./
COPY app app
COPY server server
COPY bulk bulk
COPY model/*.py model/
COPY model/trained/manifest.json model/trained/pipeline-*.joblib model/trained/
COPY scripts/__init__.py scripts/cli.py scripts/predict.py scripts/progressbar.py scripts/
RUN python -m compileall -q --invalidation-mode unchecked-hash .

FROM ${BASE}
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv
# /dev/shm is writable in every container, also where the root and /tmp are not.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 TMPDIR=/dev/shm
# Files belong to root: the service can read itself, and not change itself.
USER 10001:10001
EXPOSE 8080
# Above the graceful timeout of 20 s the engine must wait longer than its 10 s: docker stop -t 30.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-c", \
    "import os, sys, urllib.request as r; port = os.environ.get('TEXTCLF_PORT', '8080'); sys.exit(r.build_opener(r.ProxyHandler({})).open(f'http://127.0.0.1:{port}/readyz', timeout=4).status != 200)"]
CMD ["python", "-m", "gunicorn"]

ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="text-classifier" \
    org.opencontainers.image.description="A text classifier served over HTTP" \
    org.opencontainers.image.licenses="MIT" \
    org.opencontainers.image.version="${VERSION}" \
    org.opencontainers.image.revision="${REVISION}" \
    org.opencontainers.image.source="${SOURCE}"
