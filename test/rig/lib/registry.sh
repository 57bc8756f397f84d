# Two registries on loopback: one open, one that wants a log-in.

RIG_USER=rig

registry_program() { command -v "$RIG_TOOLS/usr/bin/docker-registry" docker-registry registry | head -n 1; }

registry_config() {
  cat <<EOF
version: 0.1
log: { level: info, accesslog: { disabled: false } }
storage:
  filesystem: { rootdirectory: $RIG/$1 }
  delete: { enabled: true }
http: { addr: "127.0.0.1:$2" }
EOF
}

# A bcrypt line of htpasswd, through libcrypt by way of perl-base, which every Debian has.
htpasswd_line() {
  printf '%s:%s\n' "$1" "$(perl -e 'print crypt($ARGV[0], q($2y$05$) . join q(), map { (q(a)..q(z))[rand 26] } 1..22)' "$2")"
}

up_registry() {
  local port
  port=$(free_port registry)
  if ! alive registry; then
    registry_config registry "$port" >"$RIG/run/registry.yml"
    start registry "$(registry_program)" serve "$RIG/run/registry.yml"
  fi
  wait_until 30 registry answers "http://127.0.0.1:$port/v2/"
  env_begin registry
  env_set registry XBUILD_RIG_REGISTRY "127.0.0.1:$port"
  have registry registry
  env_end registry
}

up_auth_registry() {
  local port password
  port=$(free_port auth-registry)
  [ -s "$RIG/run/auth-password" ] || od -An -N12 -tx1 /dev/urandom | tr -d ' \n' >"$RIG/run/auth-password"
  password=$(cat "$RIG/run/auth-password")
  if ! alive auth-registry; then
    htpasswd_line "$RIG_USER" "$password" >"$RIG/run/htpasswd"
    {
      registry_config auth-registry "$port"
      printf 'auth:\n  htpasswd: { realm: rig, path: %s }\n' "$RIG/run/htpasswd"
    } >"$RIG/run/auth-registry.yml"
    start auth-registry "$(registry_program)" serve "$RIG/run/auth-registry.yml"
  fi
  wait_until 30 auth-registry answers "http://$RIG_USER:$password@127.0.0.1:$port/v2/"
  env_begin auth-registry
  env_set auth-registry XBUILD_RIG_AUTH_REGISTRY "127.0.0.1:$port"
  env_set auth-registry XBUILD_RIG_AUTH_USER "$RIG_USER"
  env_set auth-registry XBUILD_RIG_AUTH_PASSWORD "$password"
  have auth-registry auth-registry
  env_end auth-registry
}

# One HTTP request without curl, which a slim machine may lack: node is there, the project needs it.
answers() {
  node -e '
    const url = new URL(process.argv[1]);
    const headers = url.username ? { authorization: "Basic " + btoa(url.username + ":" + url.password) } : {};
    url.username = url.password = "";
    fetch(url, { headers }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1));
  ' "$1"
}
