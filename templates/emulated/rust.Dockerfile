# The conventional Dockerfile: the builder stage runs as the target platform, so for a foreign one each of its
# programs, the compiler too, runs under QEMU.

# The toolchain is pulled and unpacked before anything is measured.
FROM {{image}} AS toolchain
{{setup}}
WORKDIR /src

FROM toolchain AS builder
COPY . .
WORKDIR {{workdir}}
{{env}}
RUN --mount=type=cache,id={{cache}},target=/caches {{compile}}

FROM scratch
COPY --from=builder /out/ /
