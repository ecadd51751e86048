# The image of image-syncer: the static program and the certificates it trusts, nothing else.
#
#   docker build -t image-syncer .
#
# BASE is any Debian trixie; a release is built on the digest that was current then, which its notes and .github/release.lock name.
# The sources of the libraries are those that src/deps/packages locks. Where the distribution has them no longer, SOURCES is the
# address of a place that has; ALLOW_OTHER_SOURCES=1 takes what it offers instead, and the version says so.
# VERSION, REVISION (the commit) and SOURCE (where the code is) end up in the labels; VERSION is also what --version says.
# TLS is the engine: bearssl (small) or openssl (TLS 1.3, client certificates).
# The platform is the builder's: build on each machine for that machine. No BuildKit feature is used.
ARG BASE=debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

FROM $BASE AS build
WORKDIR /src
# The libraries change seldom: as a layer of their own they are built once.
COPY src/deps src/deps
ARG SOURCES=
ARG ALLOW_OTHER_SOURCES=
ARG TLS=bearssl
RUN src/deps/setup.sh build && src/deps/build.sh "musl$(echo "-$TLS" | sed s/-bearssl//)"
COPY Makefile ./
COPY src src
ARG VERSION=
RUN make TLS="$TLS" ${VERSION:+VERSION="$VERSION"} all gates && \
    cp "build/image-syncer$(echo "-$TLS" | sed s/-bearssl//)" /image-syncer && /image-syncer --help >/dev/null

FROM scratch
COPY --from=build /image-syncer /image-syncer
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ARG VERSION=
ARG REVISION=
ARG SOURCE=
LABEL org.opencontainers.image.title="image-syncer" \
      org.opencontainers.image.description="Keeps container registries in step: copies the images that are missing or stale" \
      org.opencontainers.image.licenses="Apache-2.0 AND MIT AND curl AND BSD-3-Clause AND LGPL-2.1-or-later AND LGPL-3.0-or-later AND MPL-2.0" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Neither CMD nor USER: in a workflow (uses: docker://...) the arguments and the user are the runner's business.
ENTRYPOINT ["/image-syncer"]
