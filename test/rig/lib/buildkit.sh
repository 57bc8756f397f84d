# Two BuildKit daemons for buildx's remote driver. They have no emulators of their own (the images of moby/buildkit bundle some), so
# with none registered in the kernel they can run nothing foreign.

build_buildkit() {
  local cache=$RIG/cache/buildkit version
  version=$(go -C "$RIG_HOME/buildkit" list -m -f '{{.Version}}' github.com/moby/buildkit)
  GOCACHE=$cache CGO_ENABLED=0 GOWORK=off go -C "$RIG_HOME/buildkit" build -trimpath -tags no_containerd_worker -ldflags "-s -w -X github.com/moby/buildkit/version.Version=$version" \
    -o "$RIG/buildkit/" github.com/moby/buildkit/cmd/buildctl github.com/moby/buildkit/cmd/buildkitd
  rm -rf "$cache"
  ln -sf "$RIG/buildkit/buildctl" "$RIG/bin/"
}

buildkit_config() {
  local registry
  for registry in XBUILD_RIG_REGISTRY XBUILD_RIG_AUTH_REGISTRY; do printf '[registry."%s"]\n  http = true\n' "$(env_get $registry)"; done
}

up_buildkit() {
  local n sockets=()
  for n in 1 2; do
    sockets+=("unix://$RIG/run/buildkit-$n.sock")
    alive buildkit-$n && continue
    buildkit_config >"$RIG/run/buildkit.toml"
    rm -f "$RIG/run/buildkit-$n.sock"
    PATH=$RIG/buildkit:$RIG_TOOLS/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin start buildkit-$n "$RIG/buildkit/buildkitd" \
      --config "$RIG/run/buildkit.toml" --addr "unix://$RIG/run/buildkit-$n.sock" --root "$RIG/buildkit-$n" \
      --oci-worker=true --oci-worker-binary runc --oci-worker-net host
  done
  for n in 1 2; do
    wait_until 60 "buildkitd $n, see $RIG/logs/buildkit-$n.out," "$RIG/buildkit/buildctl" --addr "unix://$RIG/run/buildkit-$n.sock" debug workers
  done
  env_begin buildkit
  env_set buildkit XBUILD_RIG_REMOTE_BUILDKIT "${sockets[*]}"
  env_set buildkit XBUILD_RIG_BUILDCTL "$RIG/bin/buildctl"
  have buildkit buildkit
  env_end buildkit
}

# What keeps this machine from building it, or nothing.
buildkit_obstacle() {
  is_root || { echo "buildkitd needs root"; return; }
  [ -x "$RIG_TOOLS/usr/sbin/runc" ] || { echo "runc is taken from Debian packages"; return; }
  command -v go >/dev/null || echo "no go on PATH to build buildkitd with"
}
