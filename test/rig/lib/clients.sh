# Command-line clients: docker with an old and a new buildx, crane, skopeo.

core_packages() {
  local native
  native=$(dpkg --print-architecture)
  unpack_packages "$RIG_TOOLS" docker.io/$NEW_SUITE docker-cli/$NEW_SUITE docker-buildx/$NEW_SUITE containerd/$NEW_SUITE \
    tini-static/$NEW_SUITE busybox-static/$NEW_SUITE "runc:$native" docker-registry/$OLD_SUITE crane/$NEW_SUITE
  unpack_packages "$RIG/buildx-old" docker-buildx/$OLD_SUITE
  ln -sf "$RIG_TOOLS/usr/bin/"{docker,crane} "$RIG/bin/"
}

# Of the package's 40 emulators only those that the tests name.
qemu_packages() {
  local all=$RIG/qemu-all arch
  unpack_packages "$all" qemu-user/$NEW_SUITE
  mkdir -p "$RIG_TOOLS/usr/bin"
  for arch in aarch64 arm riscv64 s390x ppc64le; do mv "$all/usr/bin/qemu-$arch" "$RIG_TOOLS/usr/bin/"; done
  rm -r "$all"
}

skopeo_packages() {
  unpack_closure "$RIG/skopeo" "$(dpkg --print-architecture)" /var/lib/dpkg/status skopeo
  echo '{ "default": [{ "type": "insecureAcceptAnything" }] }' >"$RIG/skopeo/policy.json"
  cat >"$RIG/bin/skopeo" <<EOF
#!/bin/sh
LD_LIBRARY_PATH=$RIG/skopeo/usr/lib/$(uname -m)-linux-gnu exec $RIG/skopeo/usr/bin/skopeo --policy $RIG/skopeo/policy.json "\$@"
EOF
  chmod +x "$RIG/bin/skopeo"
  "$RIG/bin/skopeo" --version
}

# A docker configuration folder for each buildx; tests that log in make one of their own.
docker_config() {
  mkdir -p "$RIG/docker-config/$1/cli-plugins"
  ln -sf "$2" "$RIG/docker-config/$1/cli-plugins/docker-buildx"
}

up_clients() {
  local plugin=usr/libexec/docker/cli-plugins/docker-buildx
  docker_config new "$RIG_TOOLS/$plugin"
  docker_config old "$RIG/buildx-old/$plugin"
  env_begin clients
  env_set clients XBUILD_RIG_PATH "$RIG/bin"
  env_set clients DOCKER_CONFIG "$RIG/docker-config/new"
  env_set clients XBUILD_RIG_DOCKER_CONFIG_OLD "$RIG/docker-config/old"
  env_set clients XBUILD_RIG_DOCKER "$RIG/bin/docker"
  env_set clients XBUILD_RIG_BUILDX_NEW "$RIG_TOOLS/$plugin"
  env_set clients XBUILD_RIG_BUILDX_OLD "$RIG/buildx-old/$plugin"
  env_set clients XBUILD_RIG_CRANE "$RIG/bin/crane"
  have clients docker
  have clients buildx
  have clients buildx-old
  have clients crane
  if [ -x "$RIG/bin/skopeo" ]; then
    env_set clients XBUILD_RIG_SKOPEO "$RIG/bin/skopeo"
    have clients skopeo
  else
    lack clients skopeo "its packages could not be unpacked"
  fi
  env_end clients
}
