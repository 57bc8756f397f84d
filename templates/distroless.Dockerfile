# No RUN instruction: an image for any platform is put together without an emulator.
FROM {{base}}
ARG TARGETPLATFORM
{{files}}
COPY ${TARGETPLATFORM}/rootfs/ /
{{folders}}
{{env}}
{{labels}}
{{ports}}
{{user}}
{{workdir}}
{{volumes}}
{{stop-signal}}
{{healthcheck}}
{{entrypoint}}
{{args}}
