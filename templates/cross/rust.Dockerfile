# The cross-compiling Dockerfile: the builder stage runs as the platform of the builder itself, and the toolchain is told
# the target.

# The toolchain is pulled and unpacked before anything is measured.
FROM --platform=$BUILDPLATFORM {{image}} AS toolchain
{{setup}}
WORKDIR /src

FROM toolchain AS builder
COPY . .
WORKDIR {{workdir}}
{{env}}
RUN --mount=type=cache,id={{cache}},target=/caches {{compile}}

FROM scratch
COPY --from=builder /out/ /
