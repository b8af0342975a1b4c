# The platform in one small image: no compiler, no npm, no root.
FROM node:22-slim AS browser
WORKDIR /platform
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim AS build
WORKDIR /platform
COPY requirements.lock package.json package-lock.json ./
COPY scripts/environment.py scripts/vendor.py scripts/
RUN python scripts/environment.py
COPY --from=browser /platform/node_modules node_modules
RUN python scripts/vendor.py

FROM python:3.13-slim
WORKDIR /platform
# `var` holds the embedded database when there is no DATABASE_URL, and the log's key.
RUN useradd --system --uid 10001 --home-dir /platform --no-create-home platform \
    && install -d -o platform -g platform var
COPY --from=build /platform/.venv .venv
COPY --from=build /platform/app/static/vendor app/static/vendor
COPY --from=build /platform/app/paper/fonts app/paper/fonts
COPY alembic.ini ./
COPY migrations migrations
COPY app app
USER platform
ENV HOST=0.0.0.0 PORT=8000 PLATFORM_LOG_FORMAT=json PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
EXPOSE 8000
VOLUME /platform/var
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD [".venv/bin/python", "-c", \
    "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/readyz\", timeout=4)"]
ENTRYPOINT [".venv/bin/python", "-m", "app"]
CMD ["serve"]
