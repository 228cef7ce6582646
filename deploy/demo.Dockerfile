# The demo in one container, services included; nothing is kept once it is removed. Not for a study.
#   docker build -t clarify-demo -f deploy/demo.Dockerfile .
#   docker run --rm --network host --shm-size 256m clarify-demo      # the site listens on this machine alone
# Checked by a reading of its lines only: no Docker was at hand.

FROM python:3.12-slim@sha256:229a2c5bfa27522db7815ea81f9bed70af17ccb9de9fc7ad142b1877b5830d36
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home clarify
WORKDIR /home/clarify/site
COPY --chown=clarify . .
RUN chown clarify .
USER clarify
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN make venv TORCH_INDEX="$TORCH_INDEX"
CMD ["make", "demo"]
