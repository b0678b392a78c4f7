# The web process, the worker of the queue `default` and beat. Holds no torch.
FROM python:3.11-slim-bookworm

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/polyphony --create-home polyphony

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    HOST=0.0.0.0 \
    VAR_DIR=/var/lib/polyphony \
    STATIC_ROOT=/srv/static

WORKDIR /srv/polyphony
COPY requirements-web.txt constraints.txt ./
RUN pip install -r requirements-web.txt -c constraints.txt

COPY manage.py ./
COPY annotation annotation
COPY routing routing
COPY models_service models_service
COPY docker/entrypoint.sh docker/entrypoint.sh
RUN python -m compileall -q annotation routing models_service \
    && docker/entrypoint.sh collect

USER polyphony
VOLUME /var/lib/polyphony
EXPOSE 8000
ENTRYPOINT ["/srv/polyphony/docker/entrypoint.sh"]
CMD ["web"]
