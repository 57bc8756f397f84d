# Two Docker engines, each with sockets, data and containerd of its own: `engine` with the containerd image store, `classic` without.

engine_config() {
  cat <<EOF
{
  "features": { "containerd-snapshotter": $2 },
  "storage-driver": "$3",
  "data-root": "$RIG/$1/data",
  "exec-root": "$RIG/run/$1",
  "pidfile": "$RIG/run/$1.pid",
  "hosts": ["unix://$RIG/run/$1.sock"],
  "bridge": "none",
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
  local name=$1 store=$2 key=$3 driver
  if ! alive "$name"; then
    mkdir -p "$RIG/$name/data"
    if overlay_works; then
      [ "$store" = true ] && driver=overlayfs || driver=overlay2
    else
      [ "$store" = true ] && driver=native || driver=vfs
    fi
    engine_config "$name" "$store" "$driver" >"$RIG/$name/daemon.json"
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
