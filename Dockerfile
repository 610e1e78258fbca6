# Base images are arguments: a build that must be repeatable names a mirror and
# a digest, e.g. --build-arg RUN_BASE=mirror.example/static-debian12@sha256:...
ARG BUILD_BASE=golang:1.26.8-bookworm
ARG RUN_BASE=distroless/static-debian12:nonroot

FROM ${BUILD_BASE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
# .git comes along: `scopegate version` prints the revision that the build finds
# there, and the tag where no VERSION is given.
COPY . .
ARG VERSION
RUN CGO_ENABLED=0 go build -pgo cmd/scopegate/release.pgo -trimpath -ldflags "-s -w -X main.release=${VERSION}" -o /out/scopegate ./cmd/scopegate \
    && mkdir /out/data

FROM ${RUN_BASE}
ARG VERSION
LABEL org.opencontainers.image.title="scopegate" \
      org.opencontainers.image.description="OAuth 2.0 client credentials, token store and scope-checking gateway in one binary" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /out/scopegate /scopegate
# 65532 is the user "nonroot" of distroless; the number lets a cluster see that
# it is not root. The root file system may be read-only: /data is all that is written.
COPY --from=build --chown=65532:65532 --chmod=0700 /out/data /data
USER 65532:65532
ENV SCOPEGATE_ROUTES=/etc/scopegate/routes.yaml \
    SCOPEGATE_DATA_DIR=/data \
    SCOPEGATE_LISTEN=:8080
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/scopegate", "healthcheck"]
ENTRYPOINT ["/scopegate"]
CMD ["serve"]
