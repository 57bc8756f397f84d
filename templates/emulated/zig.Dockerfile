# The conventional Dockerfile: the builder stage runs as the target platform, so for a foreign one each of its
# programs, the compiler too, runs under QEMU.

# The toolchain is pulled and unpacked before anything is measured.
FROM {{image}} AS toolchain
{{setup}}
WORKDIR /src

# Packages that were fetched before, where zig looks for them: the cache begins with them.
FROM scratch AS packages
COPY --from=seed / /

FROM toolchain AS builder
COPY . .
WORKDIR {{workdir}}
{{env}}
RUN --mount=type=cache,id={{cache}},target=/caches,from=packages {{compile}}

FROM scratch
COPY --from=builder /out/ /
