# The worker of the queue `models`: everything of the web image, and torch.
#
# TORCH_INDEX names a further package index that carries the torch build you want,
# CPU or a CUDA version, as PyTorch's installation page lists them. Empty: the
# default index, whose Linux build for x86_64 carries CUDA.
FROM python:3.11-slim-bookworm

ARG TORCH=torch==2.13.0
ARG TORCH_INDEX=

RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/polyphony --create-home polyphony

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    VAR_DIR=/var/lib/polyphony

WORKDIR /srv/polyphony
# Torch first and alone: it is most of the image and changes least.
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "$TORCH"
COPY requirements-web.txt requirements.txt constraints.txt ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
    -r requirements.txt -c constraints.txt "$TORCH"

COPY manage.py ./
COPY annotation annotation
COPY routing routing
COPY models_service models_service
COPY docker/entrypoint.sh docker/entrypoint.sh
RUN python -m compileall -q annotation routing models_service

USER polyphony
VOLUME /var/lib/polyphony
ENTRYPOINT ["/srv/polyphony/docker/entrypoint.sh"]
CMD ["models"]
