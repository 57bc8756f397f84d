# Distroless base images, put together from Debian packages as the published ones are, and pushed to the open registry with crane:
# static ⊂ base-nossl ⊂ base ⊂ cc, one layer each, for root (latest) and for user 65532 (nonroot).

BASE_PLATFORMS=(linux/amd64 linux/arm64 linux/arm/v7)
STATIC_PLATFORMS=("${BASE_PLATFORMS[@]}" linux/riscv64 linux/s390x linux/ppc64le) # no code in static: any architecture is as cheap
DEBIAN12=bookworm
STATIC_PACKAGES=(base-files netbase tzdata media-types ca-certificates)

debian_arch() {
  case $1 in
  linux/arm/v7) echo armhf ;;
  linux/ppc64le) echo ppc64el ;;
  *) echo "${1#linux/}" ;;
  esac
}

# What each image adds to the one before it.
layer_packages() {
  case $1 in
  base-nossl) echo libc6 ;;
  base) echo libssl3t64 zlib1g libzstd1 ;;
  cc) echo libgcc-s1 libstdc++6 libgomp1 ;;
  esac
}

# unpack_layer FOLDER DEB…: files of the packages, with the status entries that scanners read.
unpack_layer() {
  local root=$1 deb name
  shift
  mkdir -p "$root/var/lib/dpkg/status.d"
  for deb in "$@"; do
    dpkg-deb -x "$deb" "$root"
    name=$(dpkg-deb -f "$deb" Package)
    dpkg-deb -f "$deb" >"$root/var/lib/dpkg/status.d/$name"
  done
  rm -rf "$root"/usr/share/{doc,man,lintian,bug,base-files} "$root/etc/cron.daily"
}

# What packages do in their maintainer scripts, and the two users.
finish_static() {
  local root=$1
  mkdir -p "$root"/{etc/ssl/certs,home/nonroot,root,tmp,run,var/tmp}
  cat "$root"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
  printf '%s\n' 'root:x:0:0:root:/root:/sbin/nologin' 'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin' \
    'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$root/etc/passwd"
  printf '%s\n' 'root:x:0:' 'nobody:x:65534:' 'tty:x:5:' 'staff:x:50:' 'nonroot:x:65532:' >"$root/etc/group"
  echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
  [ -e "$root/etc/os-release" ] || ln -s ../usr/lib/os-release "$root/etc/os-release"
  chmod 1777 "$root/tmp" "$root/var/tmp"
  chmod 0700 "$root/home/nonroot" "$root/root"
}

# make_layer FOLDER TAR: owned by root but for the user's home; times fixed, so that the digests stay.
make_layer() {
  local options=(--sort=name --mtime=@0 --numeric-owner --format=ustar)
  tar "${options[@]}" --owner=0 --group=0 --exclude=./home/nonroot -cf "$2" -C "$1" .
  [ -d "$1/home/nonroot" ] && tar "${options[@]}" --owner=65532 --group=65532 -rf "$2" -C "$1" ./home/nonroot
  return 0
}

# layer_tar SUITE LAYER ARCH
layer_tar() { echo "$RIG/bases/$1-$2-$3.tar"; }

make_layers() {
  local work=$RIG/bases/work arch layer suite package debs
  rm -rf "$RIG/bases"
  mkdir -p "$work"
  # One download for everything; packages of all architectures at once.
  local wanted=()
  for arch in amd64 arm64 armhf; do
    suite=$(suite_of $arch)
    wanted+=("base-files:$arch/$suite")
    for layer in base-nossl base cc; do
      for package in $(layer_packages $layer); do wanted+=("$package:$arch/$suite"); done
    done
  done
  fetch_packages "$work/debs" "${wanted[@]}" netbase/$OLD_SUITE tzdata/$OLD_SUITE media-types/$OLD_SUITE ca-certificates/$OLD_SUITE
  fetch_packages "$work/debs12" "${STATIC_PACKAGES[@]/%//$DEBIAN12}"
  for arch in amd64 arm64 armhf riscv64 s390x ppc64el; do
    local files=$arch
    case $arch in riscv64 | s390x | ppc64el) files=arm64 ;; esac # base-files differ in nothing that runs
    local root=$work/static-$arch
    unpack_layer "$root" "$work/debs/base-files_"*"_$files.deb" "$work/debs/"*_all.deb
    finish_static "$root"
    make_layer "$root" "$(layer_tar debian13 static $arch)"
  done
  unpack_layer "$work/static12" "$work/debs12/"*.deb
  finish_static "$work/static12"
  for arch in amd64 arm64; do make_layer "$work/static12" "$(layer_tar debian12 static $arch)"; done
  for arch in amd64 arm64 armhf; do
    for layer in base-nossl base cc; do
      debs=()
      for package in $(layer_packages $layer); do debs+=("$work/debs/${package}_"*"_$arch.deb"); done
      unpack_layer "$work/$layer-$arch" "${debs[@]}"
      make_layer "$work/$layer-$arch" "$(layer_tar debian13 $layer $arch)"
    done
  done
  rm -rf "$work"
}

# push_base SUITE NAME PLATFORM…: an index NAME-SUITE:latest and :nonroot over one image for each platform.
push_base() {
  local suite=$1 name=$2 crane=$RIG/bin/crane platform arch layer tag user home ref layers members
  shift 2
  ref=$(env_get XBUILD_RIG_REGISTRY)/distroless/$name-$suite
  for tag in latest nonroot; do
    user=0 home=/
    [ $tag = nonroot ] && user=65532 home=/home/nonroot
    members=()
    for platform in "$@"; do
      arch=$(debian_arch "$platform")
      layers=()
      for layer in static base-nossl base cc; do
        layers+=(-f "$(layer_tar "$suite" $layer "$arch")")
        [ $layer = "$name" ] && break
      done
      "$crane" append --oci-empty-base "${layers[@]}" -t "$ref:$tag-$arch" >/dev/null
      "$crane" mutate "$ref:$tag-$arch" --set-platform "$platform" --user $user --workdir $home -t "$ref:$tag-$arch" \
        --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
      members+=(-m "$ref:$tag-$arch")
    done
    "$crane" index append "${members[@]}" -t "$ref:$tag"
  done
}

push_bases() {
  local jobs=() job name
  push_base debian13 static "${STATIC_PLATFORMS[@]}" & jobs+=($!)
  push_base debian12 static linux/amd64 linux/arm64 & jobs+=($!)
  for name in base-nossl base cc; do
    push_base debian13 $name "${BASE_PLATFORMS[@]}" & jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
}

up_bases() {
  once layers make_layers
  once bases push_bases
  env_begin bases
  env_set bases XBUILD_RIG_DISTROLESS "$(env_get XBUILD_RIG_REGISTRY)/distroless"
  have bases bases
  env_end bases
}
