# Zig from the PyPI package ziglang: the newest and two older ones whose build.zig.zon is spelt differently, and one for arm64 to emulate.

ZIG_OLDER=(0.14.1 0.13.0)
# An older one: under QEMU the newest compiles a hello world for more than ten minutes, this one for two.
ZIG_EMULATED=0.14.1

# zig_wheel FOLDER REQUIREMENT PIP-OPTION…: each wheel unpacked, so that FOLDER is a PYTHONPATH for `python3 -m ziglang`.
zig_wheel() {
  local into=$RIG/zig/$1 requirement=$2 wheels
  shift 2
  wheels=$(mktemp -d "$RIG/zig/wheel.XXXXXX")
  python3 -m pip download -q --no-deps --only-binary=:all: -d "$wheels" "$@" "$requirement"
  python3 -m zipfile -e "$wheels"/*.whl "$into"
  chmod +x "$into/ziglang/zig" # wheels are zip files, and this unpacker forgets modes
  rm -r "$wheels"
}

zig_obstacle() {
  python3 -m pip --version >/dev/null 2>&1 || { is_debian && is_root; } || echo "no pip to fetch the PyPI package ziglang with"
}

fetch_zig() {
  local version jobs=() job
  mkdir -p "$RIG/zig"
  python3 -m pip --version || rig_apt install python3-pip
  for version in "${ZIG_OLDER[@]}"; do
    zig_wheel "$version" "ziglang==$version" &
    jobs+=($!)
  done
  zig_wheel newest ziglang
  zig_wheel "$ZIG_EMULATED-arm64" "ziglang==$ZIG_EMULATED" --platform manylinux2014_aarch64
  for job in "${jobs[@]}"; do wait "$job"; done
}

up_zig() {
  local version
  env_begin zig
  env_set zig XBUILD_RIG_ZIG "$RIG/zig/newest/ziglang/zig"
  env_set zig XBUILD_RIG_ZIGLANG "$RIG/zig/newest"
  for version in "${ZIG_OLDER[@]}"; do
    env_set zig "XBUILD_RIG_ZIG_$(cut -d. -f1,2 <<<"$version" | tr . _)" "$RIG/zig/$version/ziglang/zig"
  done
  have zig zig
  env_end zig
}
