# The studio in a container. Not built in continuous integration.
FROM python:3.11-slim AS build
WORKDIR /source
COPY . .
RUN python -m venv /opt/tween4d \
 && /opt/tween4d/bin/pip install --no-cache-dir --constraint constraints.txt --build-constraint constraints.txt \
    --extra-index-url https://download.pytorch.org/whl/cpu '.[studio]'

FROM python:3.11-slim
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin tween4d && mkdir /data && chown tween4d /data
COPY --from=build /opt/tween4d /opt/tween4d
USER tween4d
# What numba compiles is kept where something may be written; the root can be read-only.
ENV PATH=/opt/tween4d/bin:$PATH HOME=/tmp NUMBA_CACHE_DIR=/data/compiled PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["python", "-c", \
  "import json, urllib.request as u; assert json.load(u.urlopen('http://127.0.0.1:7860/v1/health'))['status'] == 'ok'"]
# A public address needs a key: run once with --new-key NAME.
ENTRYPOINT ["tween4d", "studio", "--host", "0.0.0.0", "--data", "/data"]
