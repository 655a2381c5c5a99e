# Three stages: the UI, the server with the UI embedded, and an image with one binary.
FROM node:20-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM rust:1.95-bookworm AS server
WORKDIR /src
COPY Cargo.toml Cargo.lock clippy.toml rustfmt.toml ./
COPY server ./server
COPY migrations ./migrations
COPY tests ./tests
COPY --from=web /src/web/dist ./web/dist
RUN cargo build --profile dist --locked -p pharos && mkdir -p /out/data && cp target/dist/pharos /out/pharos

FROM debian:bookworm-slim
COPY --from=server /out/pharos /usr/local/bin/pharos
COPY --from=server --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 3000
ENV PHAROS_DATA=/data PHAROS_LISTEN=0.0.0.0:3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["pharos", "healthcheck"]
ENTRYPOINT ["pharos"]
CMD ["serve"]
