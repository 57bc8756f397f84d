# Toolchain images for the benchmark's other two paths, for amd64 and arm64: `golang` of the host's Go version, `rust`, `zig`. They stand for the
# official ones: a shell, a C compiler, the toolchain.

IMAGE_ARCHITECTURES=(amd64 arm64)

# image_root IMAGE ARCH PACKAGE…: a root folder of Debian packages with BusyBox for its shell and tools.
image_root() {
  local root=$RIG/images/$1-$2 arch=$2 applet package packages=()
  shift 2
  mkdir -p "$RIG/images"
  for package in base-files busybox-static ca-certificates "$@"; do packages+=("$package/$OLD_SUITE"); done
  rm -rf "$root"
  : >"$RIG/images/none-installed"
  unpack_closure "$root" "$arch" "$RIG/images/none-installed" "${packages[@]}" -t $OLD_SUITE
  mkdir -p "$root"/{etc/ssl/certs,root,tmp}
  chmod 1777 "$root/tmp"
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  for applet in $("$RIG_TOOLS/usr/bin/busybox" --list); do
    [ -e "$root/usr/bin/$applet" ] || [ -L "$root/usr/bin/$applet" ] || ln -s busybox "$root/usr/bin/$applet"
  done
  [ -e "$root/usr/bin/cc" ] || ln -s gcc "$root/usr/bin/cc"
  rm -rf "$root"/usr/share/{doc,man,locale,lintian}
}

# push_image IMAGE TAG ENV…: one layer for each architecture, then the index.
push_image() {
  local image=$1 tag=$2 ref arch root value options=() members=()
  shift 2
  ref=$(env_get XBUILD_RIG_REGISTRY)/$image:$tag
  for value in "$@"; do options+=(--env "$value"); done
  for arch in "${IMAGE_ARCHITECTURES[@]}"; do
    root=$RIG/images/$image-$arch
    tar --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -cf - -C "$root" . | gzip -n -1 >"$root.tar.gz"
    "$RIG/bin/crane" append --oci-empty-base -f "$root.tar.gz" -t "$ref-$arch"
    "$RIG/bin/crane" mutate "$ref-$arch" --set-platform "linux/$arch" --workdir / "${options[@]}" -t "$ref-$arch"
    members+=(-m "$ref-$arch")
    rm -rf "$root" "$root.tar.gz"
  done
  "$RIG/bin/crane" index append "${members[@]}" -t "$ref"
}

SYSTEM_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The toolchain modules hold Go's own distribution, but module files may carry neither modes nor a nested go.mod: the go command mends both
# on first use, and so do we.
golang_image() {
  local arch version into nested
  version=$(go env GOVERSION)
  for arch in "${IMAGE_ARCHITECTURES[@]}"; do
    into=$RIG/images/golang-$arch/usr/local/go
    image_root golang "$arch" gcc libc6-dev
    mkdir -p "${into%/*}"
    cp -r "$(cd / && GOFLAGS=-mod=mod go mod download -json "golang.org/toolchain@v0.0.1-$version.linux-$arch" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')" "$into"
    chmod -R u+w "$into"
    chmod -R +x "$into"/bin "$into"/pkg/tool
    find "$into" -name _go.mod | while read -r nested; do mv "$nested" "${nested%_go.mod}go.mod"; done
  done
  push_image golang "$(image_tag golang)" "PATH=/go/bin:/usr/local/go/bin:$SYSTEM_PATH" GOPATH=/go GOTOOLCHAIN=local
}

# Both architectures get the targets of the rig's own toolchain (a target's std is the same on every host) and rust-lld; amd64 a cross gcc too.
rust_image() {
  local arch host root packages
  for arch in "${IMAGE_ARCHITECTURES[@]}"; do
    packages=(gcc libc6-dev rustc-web cargo-web lld-22)
    [ "$arch" = amd64 ] && packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
    image_root rust "$arch" "${packages[@]}"
    root=$RIG/images/rust-$arch/usr/lib/rustlib
    host=x86_64-unknown-linux-gnu
    [ "$arch" = arm64 ] && host=aarch64-unknown-linux-gnu
    for target in "${MUSL_TARGETS[@]}" "${GNU_TARGETS[@]}"; do
      [ -d "$root/$target/lib" ] || cp -r "$RUST/usr/lib/rustlib/$target" "$root/"
    done
    mkdir -p "$root/$host/bin"
    ln -s /usr/lib/llvm-22/bin/lld "$root/$host/bin/rust-lld"
  done
  push_image rust "$(image_tag rust)" "PATH=$SYSTEM_PATH"
}

zig_image() {
  local arch into
  for arch in "${IMAGE_ARCHITECTURES[@]}"; do
    into=$RIG/images/zig-$arch/usr/local
    image_root zig "$arch"
    mkdir -p "$into/bin"
    if [ "$arch" = amd64 ]; then cp -r "$RIG/zig/$ZIG_EMULATED/ziglang" "$into/zig"; else cp -r "$RIG/zig/$ZIG_EMULATED-arm64/ziglang" "$into/zig"; fi
    ln -s ../zig/zig "$into/bin/zig"
  done
  push_image zig "$(image_tag zig)" "PATH=$SYSTEM_PATH"
}

# up_image IMAGE: its name for the tests.
up_image() {
  env_begin "$1-image"
  env_set "$1-image" "XBUILD_RIG_${1^^}_IMAGE" "$(env_get XBUILD_RIG_REGISTRY)/$1:$(image_tag "$1")"
  have "$1-image" "$1-image"
  env_end "$1-image"
}

image_tag() {
  case $1 in
  golang) go env GOVERSION | sed 's/^go//' ;;
  rust) env_get XBUILD_RIG_RUST_VERSION ;;
  zig) echo "$ZIG_EMULATED" ;;
  esac
}

# What keeps this machine from having the toolchains, or nothing.
toolchains_obstacle() {
  is_debian && [ "$(dpkg --print-architecture)" = amd64 ] || { echo "made from Debian packages for amd64"; return; }
  is_root || cross_gcc_installed || { echo "only root can install the cross gcc"; return; }
  command -v go >/dev/null || echo "no go on PATH"
}
