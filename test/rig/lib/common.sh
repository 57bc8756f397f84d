# Paths, progress lines, the env file, and processes that `down` can find again.
# Sourced by up, down and qemu; every other room relies on it.

RIG_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CHECKOUT=$(cd "$RIG_HOME/../.." && pwd)
RIG=${XBUILD_RIG_DIR:-$CHECKOUT/.rig}
case $RIG in /*) ;; *) RIG=$PWD/$RIG ;; esac

say() { printf '%s\n' "rig: $*"; }
die() { printf '%s\n' "rig: $*" >&2; exit 1; }

# Unix socket paths end at 108 bytes and containerd adds up to 50 to ours.
require_short_path() {
  ((${#RIG} <= 60)) || die "the folder $RIG is too long a path for unix sockets; set XBUILD_RIG_DIR to a shorter one"
  case $RIG in *[!A-Za-z0-9._/-]*) die "the folder $RIG holds a character that tools stumble over; set XBUILD_RIG_DIR" ;; esac
}

make_folders() {
  mkdir -p "$RIG"/{bin,env.d,logs,run,done}
  printf '*\n' >"$RIG/.gitignore" # a rig below a checkout never shows up in git status
}

# timed TITLE COMMAND…: runs one room in a shell of its own, its output in a log of its own, and says how long it took. A shell of its own,
# because bash drops `set -e` in every function that is called to the left of && or ||.
timed() {
  local title=$1 log started=$EPOCHREALTIME status=0 seconds
  shift
  log=$RIG/logs/${title// /-}.log
  XBUILD_RIG_DIR=$RIG bash "$RIG_HOME/up" --room "$@" >"$log" 2>&1 </dev/null || status=$?
  seconds=$(awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  if ((status)); then
    say "$(printf '%6s s  %s FAILED, see %s' "$seconds" "$title" "$log")"
    tail -n 15 "$log" | sed 's/^/rig:     | /'
    return "$status"
  fi
  # What a second `up` merely finds again is not worth a line.
  [[ $seconds == 0.[0-4] ]] || say "$(printf '%6s s  %s' "$seconds" "$title")"
}

# once NAME COMMAND…: work that is kept on disk, so that a second `up` passes it by.
once() {
  local name=$1
  shift
  [ -e "$RIG/done/$name" ] && return 0
  "$@"
  touch "$RIG/done/$name"
}

# attempt CHAIN FRAGMENT…: runs a function that is a chain of `timed … &&`. If it breaks, the env fragments that it did not get to are noted as
# missing, and `up` goes on with the rest and fails at its end.
attempt() {
  local chain=$1 fragment
  shift
  for fragment; do rm -f "$RIG/env.d/$fragment"; done
  "$chain" && return
  touch "$RIG/run/failed"
  for fragment; do
    [ -e "$RIG/env.d/$fragment" ] || lacking "$fragment" "test/rig/up failed on it, see the logs in its folder" "$fragment"
  done
}

# The env file is put together from one fragment per room, so that rooms can run at the same time.
env_begin() { : >"$RIG/env.d/$1.new"; }
env_set() { printf "%s='%s'\n" "$2" "$3" >>"$RIG/env.d/$1.new"; }
env_end() { mv "$RIG/env.d/$1.new" "$RIG/env.d/$1"; }
env_get() { sed -n "s/^$1='\(.*\)'\$/\1/p" "$RIG"/env.d/* 2>/dev/null | tail -n 1; }

# have ROOM CAPABILITY / lack ROOM CAPABILITY REASON: what tests may need, and why it is not there.
have() { printf '#has %s\n' "$2" >>"$RIG/env.d/$1.new"; }
lack() {
  printf '#missing %s: %s\n' "$2" "${3//[\';]/ }" >>"$RIG/env.d/$1.new"
}

# lacking ROOM REASON CAPABILITY…: a whole room that cannot be had.
lacking() {
  local room=$1 reason=$2 capability
  shift 2
  env_begin "$room"
  for capability in "$@"; do lack "$room" "$capability" "$reason"; done
  env_end "$room"
}

write_env() {
  local fragments=("$RIG"/env.d/*)
  {
    echo "# Written by test/rig/up; shell and test/support/rig.ts read it."
    echo "XBUILD_RIG_DIR='$RIG'"
    grep -hv '^#' "${fragments[@]}" || true
    echo "XBUILD_RIG_HAS='$(sed -n 's/^#has //p' "${fragments[@]}" | sort -u | paste -sd ' ')'"
    echo "XBUILD_RIG_MISSING='$(sed -n 's/^#missing //p' "${fragments[@]}" | sort -u | paste -sd ';' | sed 's/;/; /g')'"
  } >"$RIG/env.new"
  mv "$RIG/env.new" "$RIG/env"
}

say_missing() {
  sed -n 's/^#missing //p' "$RIG"/env.d/* | while read -r line; do say "missing $line"; done
}

# alive NAME: is the process that we started under that name still ours and running?
alive() {
  local pid
  pid=$(cat "$RIG/run/$1.pid" 2>/dev/null) || return 1
  [ -n "$pid" ] && [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -qF "$RIG/"
}

# start NAME COMMAND…: a process of its own session, with a pid file and a log.
start() {
  local name=$1
  shift
  setsid "$@" >>"$RIG/logs/$name.out" 2>&1 </dev/null 9>&- &
  echo $! >"$RIG/run/$name.pid"
}

stop() {
  local pid i
  if alive "$1"; then
    pid=$(cat "$RIG/run/$1.pid")
    kill -TERM "$pid" 2>/dev/null || true
    for ((i = 0; i < 200; i++)); do
      alive "$1" || break
      sleep 0.1
    done
    alive "$1" && kill -KILL "$pid" 2>/dev/null
  fi
  rm -f "$RIG/run/$1.pid"
}

# wait_until SECONDS WHAT COMMAND…
wait_until() {
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { echo "$what did not become ready"; return 1; }
    sleep 0.1
  done
}

# free_port NAME: the port that NAME had before, else one that nothing listens on.
free_port() {
  local port
  port=$(cat "$RIG/run/$1.port" 2>/dev/null) && { echo "$port"; return; }
  while :; do
    port=$((20000 + RANDOM % 12000)) # below the kernel's range for outgoing connections
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port" | tee "$RIG/run/$1.port"
}

is_root() { [ "$(id -u)" = 0 ]; }
is_debian() { [ "$(. /etc/os-release 2>/dev/null && echo "${ID:-}")" = debian ] && command -v apt-get >/dev/null; }
