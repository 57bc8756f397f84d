# Debian packages from several suites, unpacked below the rig without touching the machine's own apt or dpkg state.

RIG_TOOLS=$RIG/root # where packages for this machine are unpacked
NEW_SUITE=forky     # Engine 28, buildx 0.29, qemu 11, crane
OLD_SUITE=trixie    # buildx 0.13, the packages of distroless debian13, rustc-web

# The machine's own Debian archive as "URI<newline>Signed-By", from a deb822 or a one-line source. Sources of third parties are left out: a
# broken one would fail every update.
debian_archive() {
  local codename file
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -r "$file" ] || continue
    awk -v suite="$codename" 'BEGIN { RS = ""; FS = "\n" }
      { uri = ""; key = ""; hit = 0; off = 0
        for (i = 1; i <= NF; i++) {
          split($i, word, /[ \t]+/)
          if (word[1] == "URIs:") uri = word[2]
          if (word[1] == "Signed-By:") key = word[2]
          if ($i ~ /^Enabled:[ \t]*no/) off = 1
          if (word[1] == "Suites:") for (w in word) if (word[w] == suite) hit = 1
        }
        if (hit && !off && uri != "") { print uri; print key; exit } }' "$file"
  done
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -r "$file" ] || continue
    awk -v suite="$codename" '$1 == "deb" {
        options = ""
        if (match($0, /\[[^]]*\]/)) { options = substr($0, RSTART + 1, RLENGTH - 2); $0 = substr($0, 1, RSTART - 1) substr($0, RSTART + RLENGTH) }
        if ($3 == suite) {
          key = ""
          if (match(options, /signed-by=[^ ]+/)) key = substr(options, RSTART + 10, RLENGTH - 10)
          print $2; print key; exit
        } }' "$file"
  done
}

# source_entry SUITE ARCHITECTURES
source_entry() {
  local archive uri key
  archive=$(debian_archive)
  uri=$(sed -n 1p <<<"$archive")
  key=$(sed -n 2p <<<"$archive")
  [ -n "$uri" ] || { echo "no Debian source entry for this machine's own suite was found"; return 1; }
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: %s\nSigned-By: %s\n' "$uri" "$1" "$2" \
    "${key:-/usr/share/keyrings/debian-archive-keyring.gpg}" >"$RIG/apt/sources/$1.sources"
}

apt_configure() {
  local native own suite arch attempt
  native=$(dpkg --print-architecture)
  own=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mkdir -p "$RIG"/apt/{sources,lists/partial,cache/archives/partial}
  source_entry "$own" "$native"
  source_entry "$OLD_SUITE" "$native arm64 armhf"
  source_entry "$NEW_SUITE" "$native"
  printf 'Package: *\nPin: release n=%s\nPin-Priority: 90\n\n' "$OLD_SUITE" "$NEW_SUITE" >"$RIG/apt/preferences"
  apt_options "$native" >"$RIG/apt/apt.conf"
  for attempt in 1 2 3 4; do
    rig_apt update 2>&1 | tee "$RIG/apt/update.log" && return
    # A mirror in the middle of a sync has indexes that its signed Release file does not vouch for; apt then drops the whole suite.
    while read -r suite arch; do
      [ "$arch" = "$native" ] && continue
      echo "the mirror's $suite index for $arch is out of step: $arch is taken from $NEW_SUITE"
      sed -i "s/^\\(Architectures:.*\\) $arch\\b/\\1/" "$RIG/apt/sources/$suite.sources"
      sed -i "/^Architectures:/s/\$/ $arch/" "$RIG/apt/sources/$NEW_SUITE.sources"
    done < <(sed -nE 's|^Err:[0-9]+ [^ ]+ ([a-z]+)/main ([a-z0-9]+) Packages.*|\1 \2|p' "$RIG/apt/update.log" | sort -u)
    sleep $((attempt * 2))
  done
  return 1
}

apt_options() {
  cat <<EOF
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$RIG/apt/sources";
Dir::Etc::preferences "$RIG/apt/preferences";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$RIG/apt/lists";
Dir::Cache "$RIG/apt/cache";
Dir::Cache::archives "archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
APT::Architectures { "$1"; "arm64"; "armhf"; };
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
DPkg::Lock::Timeout "300";
EOF
}

# suite_of ARCH: where that architecture's packages of the older suite come from, see above.
suite_of() { grep -qw "$1" "$RIG/apt/sources/$OLD_SUITE.sources" && echo "$OLD_SUITE" || echo "$NEW_SUITE"; }

rig_apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -c "$RIG/apt/apt.conf" "$@"; }

# fetch_packages FOLDER PACKAGE[:ARCH][/SUITE]…: exactly these, none of their dependencies.
fetch_packages() {
  mkdir -p "$1"
  (cd "$1" && shift && rig_apt download "$@")
}

# unpack_packages FOLDER PACKAGE…: fetched and unpacked into FOLDER.
unpack_packages() {
  local into=$1 debs deb
  shift
  debs=$(mktemp -d "$RIG/apt/debs.XXXXXX")
  fetch_packages "$debs" "$@"
  mkdir -p "$into"
  for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$into"; done
  rm -r "$debs"
}

# closure ARCH STATUS PACKAGE…: the packages and every dependency that the dpkg status file STATUS does not hold already, as .deb files of
# ARCH; their paths on stdout.
closure() {
  local arch=$1 status=$2 archives=$RIG/apt/$1
  shift 2
  mkdir -p "$archives/debs/partial" "$archives/cache" "$archives/none/partial"
  exec 7>"$archives/lock"
  flock 7 # rooms run side by side, and apt does not wait for its archives
  local options=(-o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o "Dir::State::status=$status" -o "Dir::Cache=$archives/cache"
    -o Debug::NoLocking=true) # nothing is installed, so neither root nor dpkg's lock is needed
  rig_apt "${options[@]}" -o "Dir::Cache::archives=$archives/debs" --download-only install "$@" >&2
  rig_apt "${options[@]}" -o "Dir::Cache::archives=$archives/none" -qq --print-uris install "$@" | awk -v folder="$archives/debs/" 'NF > 3 { print folder $2 }'
  exec 7>&-
}

# unpack_closure FOLDER ARCH STATUS PACKAGE…
unpack_closure() {
  local into=$1 deb debs
  shift
  debs=$(closure "$@")
  mkdir -p "$into"
  for deb in $debs; do dpkg-deb -x "$deb" "$into"; done
}
