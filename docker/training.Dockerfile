# Offline work: descriptors, generation, simulated recordings, tests; the same set-up as `make test`.
#   docker build -f docker/training.Dockerfile -t egoprog-training .
#   docker run --rm -v "$PWD/out:/home/egoprog/egoprog/out" egoprog-training generate recording.mp4
FROM python:3.11.13-slim-bookworm

# Versions follow the base image's snapshot of the distribution; the base image is what is pinned.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends g++ git libegl1 libgl1-mesa-dri libgles2 make \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1100 egoprog
USER 1100
WORKDIR /home/egoprog/egoprog

COPY --chown=1100 . .
RUN make setup PYTHON=python3.11

ENTRYPOINT [".venv/bin/egoprog"]
CMD ["--help"]
