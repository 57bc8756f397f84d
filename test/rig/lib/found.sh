# What a machine has of its own, where we may not or cannot make it.

find_engine() {
  local docker
  if docker=$(command -v docker) && "$docker" info >/dev/null 2>&1; then
    env_begin engine
    env_set engine DOCKER_HOST "${DOCKER_HOST:-$("$docker" context inspect -f '{{.Endpoints.docker.Host}}')}"
    if "$docker" info -f '{{json .DriverStatus}}' | grep -q io.containerd.snapshotter; then
      have engine engine
    else
      lack engine engine "the Docker Engine found here keeps images in the classic store"
    fi
    env_end engine
  else
    lacking engine "no Docker Engine answers, and only root on Debian can start one here" engine
  fi
  lacking classic "only root on Debian can start a second engine" classic
}

find_qemu() {
  local arch emulator
  env_begin qemu
  for arch in aarch64 arm riscv64 s390x ppc64le; do
    for emulator in "$RIG_TOOLS/usr/bin/qemu-$arch" "$(command -v "qemu-$arch-static")" "$(command -v "qemu-$arch")"; do
      [ -x "$emulator" ] || continue
      env_set qemu "XBUILD_RIG_QEMU_${arch^^}" "$emulator"
      break
    done
  done
  if grep -qs '^enabled' "$BINFMT"/qemu-aarch64; then
    have qemu qemu
  else
    lack qemu qemu "no emulator is registered for arm64, and only root can register one"
  fi
  lack qemu no-qemu "only root can take registrations of emulators away"
  env_end qemu
}

# find_client PROGRAM CAPABILITY KEY
find_client() {
  local path
  if path=$(command -v "$1"); then
    env_set clients "$3" "$path"
    have clients "$2"
  else
    lack clients "$2" "$1 is not on PATH"
  fi
}

# Where docker looks for its plugins.
find_plugin() {
  local folder
  for folder in "${DOCKER_CONFIG:-$HOME/.docker}" /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker /usr/libexec/docker; do
    [ -x "$folder/cli-plugins/docker-buildx" ] && echo "$folder/cli-plugins/docker-buildx" && return
  done
  return 0
}

find_everything() {
  local plugin program
  find_engine
  find_qemu
  env_begin clients
  env_set clients XBUILD_RIG_PATH "$RIG/bin"
  find_client docker docker XBUILD_RIG_DOCKER
  find_client crane crane XBUILD_RIG_CRANE
  find_client skopeo skopeo XBUILD_RIG_SKOPEO
  plugin=$(find_plugin)
  if [ -n "$plugin" ]; then
    docker_config new "$plugin"
    env_set clients DOCKER_CONFIG "$RIG/docker-config/new"
    env_set clients XBUILD_RIG_BUILDX_NEW "$plugin"
    have clients buildx
  else
    lack clients buildx "docker has no buildx plugin"
  fi
  lack clients buildx-old "only a Debian machine has a package of it"
  env_end clients
  if [ -n "$(registry_program)" ]; then
    attempt registries registry auth-registry
  else
    for program in registry auth-registry; do lacking $program "no registry program is on PATH" $program; done
  fi
  lacking bases "made from Debian packages" bases
}
