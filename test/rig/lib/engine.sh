# Two Docker engines, each with sockets, data and containerd of its own: `engine` with the containerd image store, `classic` without.

# A network bridge of our own, so that RUN steps and containers have a network and no other daemon's docker0 is touched. Where the
# kernel has no bridges the engine goes without, and only RUN --network=host|none works.
up_bridge() {
  local name number
  number=$(cksum <<<"$RIG" | cut -d ' ' -f 1)
  name=xbuild$((number % 100000))
  if [ ! -e "/sys/class/net/$name" ]; then
    "$RIG_TOOLS/usr/bin/busybox" ip link add name "$name" type bridge || { echo none; return; }
    "$RIG_TOOLS/usr/bin/busybox" ip addr add "10.$((100 + number % 100)).$((number / 100 % 250)).1/24" dev "$name"
    "$RIG_TOOLS/usr/bin/busybox" ip link set "$name" up
    echo "$name" >"$RIG/run/bridge"
  fi
  echo "$name"
}

down_bridge() {
  [ -e "$RIG/run/bridge" ] || return 0
  "$RIG_TOOLS/usr/bin/busybox" ip link del "$(cat "$RIG/run/bridge")" || true
  rm "$RIG/run/bridge"
}

# engine_config NAME CONTAINERD_STORE STORAGE_DRIVER BRIDGE
engine_config() {
  cat <<EOF
{
  "features": { "containerd-snapshotter": $2 },
  "storage-driver": "$3",
  "data-root": "$RIG/$1/data",
  "exec-root": "$RIG/run/$1",
  "pidfile": "$RIG/run/$1.pid",
  "hosts": ["unix://$RIG/run/$1.sock"],
  "bridge": "$4",
  "ip-forward": false,
  "iptables": false,
  "ip6tables": false,
  "max-concurrent-downloads": 6
}
EOF
}

overlay_works() {
  local probe=$RIG/run/overlay-probe status=0
  mkdir -p "$probe"/{lower,upper,work,merged}
  mount -t overlay overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" "$probe/merged" || status=1
  umount "$probe/merged" 2>/dev/null || true
  rm -rf "$probe"
  return $status
}

# up_engine NAME CONTAINERD_STORE ENV_KEY
up_engine() {
  local name=$1 store=$2 key=$3 driver bridge=none
  if ! alive "$name"; then
    mkdir -p "$RIG/$name/data"
    if overlay_works; then
      [ "$store" = true ] && driver=overlayfs || driver=overlay2
    else
      [ "$store" = true ] && driver=native || driver=vfs
    fi
    [ "$name" = engine ] && bridge=$(up_bridge)
    engine_config "$name" "$store" "$driver" "$bridge" >"$RIG/$name/daemon.json"
    rm -f "$RIG/run/$name.sock"
    PATH=$RIG_TOOLS/usr/sbin:$RIG_TOOLS/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      setsid "$RIG_TOOLS/usr/sbin/dockerd" --config-file "$RIG/$name/daemon.json" >>"$RIG/logs/$name.out" 2>&1 </dev/null 9>&- &
  fi
  wait_until 90 "dockerd $name, see $RIG/logs/$name.out," "$RIG_TOOLS/usr/bin/docker" -H "unix://$RIG/run/$name.sock" info
  env_begin "$name"
  env_set "$name" "$key" "unix://$RIG/run/$name.sock"
  have "$name" "$name"
  env_end "$name"
}

down_engine() {
  stop "$1"
  local containerd=$RIG/run/$1/containerd/containerd.pid
  if [ -e "$containerd" ]; then
    cp "$containerd" "$RIG/run/$1-containerd.pid"
    stop "$1-containerd"
  fi
}
