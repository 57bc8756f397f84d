# A Rust toolchain with the standard library of foreign targets, without rustup's server: Debian's rustc-web, and std built from its source.
# It looks as one where rustup has installed the targets: `rustc --print target-libdir --target T` exists, rust-lld is there, musl is
# self-contained.

RUST=$RIG/rust
MUSL_TARGETS=(x86_64-unknown-linux-musl aarch64-unknown-linux-musl armv7-unknown-linux-musleabihf)
GNU_TARGETS=(aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf)

target_arch() {
  case $1 in
  x86_64-*) echo amd64 ;;
  aarch64-*) echo arm64 ;;
  armv7-*) echo armhf ;;
  esac
}

target_gcc() {
  case $1 in
  x86_64-*) echo x86_64-linux-gnu ;;
  aarch64-*) echo aarch64-linux-gnu ;;
  armv7-*) echo arm-linux-gnueabihf ;;
  esac
}

# A dpkg status in which only what the machine brings is installed: a linker and its libc.
compiler_status() {
  local package
  for package in gcc binutils; do
    printf 'Package: %s\nStatus: install ok installed\nVersion: 99\nArchitecture: amd64\nMaintainer: rig\nProvides: c-compiler, libc-dev\nDescription: the machine has it\n\n' $package
  done
}

# The packages want a newer libc than the machine has: they get one of their own beside them, loader included. What they link uses the
# machine's, as always.
rust_packages() {
  local tool libraries=$RUST/usr/lib/x86_64-linux-gnu tools=$RUST/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin
  mkdir -p "$RUST"
  compiler_status >"$RUST/status"
  unpack_closure "$RUST" amd64 "$RUST/status" {rustc-web,cargo-web,rust-web-src,libstd-rust-web-dev,lld-22}/$OLD_SUITE -t $OLD_SUITE
  unpack_packages "$RIG_TOOLS" patchelf
  mkdir -p "$tools"
  cp "$RUST/usr/lib/llvm-22/bin/lld" "$tools/rust-lld"
  for tool in "$RUST"/usr/bin/{rustc,cargo,rustdoc} "$tools/rust-lld"; do
    "$RIG_TOOLS/usr/bin/patchelf" --set-interpreter "$RUST/usr/lib64/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$libraries" "$tool"
  done
  for tool in "$libraries"/libLLVM.so.* "$libraries"/librustc_driver-*.so; do "$RIG_TOOLS/usr/bin/patchelf" --remove-rpath "$tool"; done
  # A folder with these programs alone, to put first on PATH.
  mkdir -p "$RUST/bin"
  ln -sf "$RUST"/usr/bin/{rustc,cargo,rustdoc} "$RUST/bin/"
  "$RUST/bin/rustc" -vV
}

target_libdir() { echo "$RUST/usr/lib/rustlib/$1/lib"; }

# std_from_packages: prints the glibc targets for which the mirror has no package to match.
std_from_packages() {
  local target arch
  for target in "${GNU_TARGETS[@]}"; do
    arch=$(target_arch "$target")
    if [ "$(suite_of "$arch")" = "$OLD_SUITE" ]; then
      unpack_packages "$RUST" "libstd-rust-web-dev:$arch/$OLD_SUITE" >&2
    else
      echo "$target"
    fi
  done
}

# One cargo for all targets. The bitcode makes link-time optimisation of users' projects possible; the paths are those of the official std,
# and so is the strategy of panic_abort, without which no project with panic = "abort" links.
std_from_source() {
  local source commit target targets=()
  source=$(echo "$RUST"/usr/src/rustc-*)
  commit=$("$RUST/bin/rustc" -vV | sed -n 's/^commit-hash: //p')
  for target in "$@"; do targets+=(--target "$target"); done
  mkdir -p "$RUST/std/src"
  printf '[package]\nname = "none"\nversion = "0.0.0"\nedition = "2021"\n' >"$RUST/std/Cargo.toml"
  : >"$RUST/std/src/lib.rs"
  cat >"$RUST/std/rustc" <<'EOF'
#!/bin/sh
case " $* " in *" --crate-name panic_abort "*) set -- "$@" -Cpanic=abort ;; esac
exec "$@"
EOF
  chmod +x "$RUST/std/rustc"
  (
    cd "$RUST/std"
    env -u CARGO_BUILD_TARGET -u CARGO_TARGET_DIR RUSTC_WRAPPER="$RUST/std/rustc" PATH="$RUST/bin:$PATH" CARGO_HOME="$RUST/std/home" RUSTC_BOOTSTRAP=1 CARGO_NET_OFFLINE=true \
      RUSTFLAGS="-Cembed-bitcode=yes --remap-path-prefix=$source=/rustc/$commit --remap-path-prefix=$RUST/usr/lib/rustlib/src/rust=/rustc/$commit" \
      cargo build --release -Zbuild-std=std,panic_abort,panic_unwind,proc_macro "${targets[@]}" \
      --config 'source.crates-io.replace-with="vendored"' --config "source.vendored.directory=\"$source/library/vendor\""
  )
  for target in "$@"; do
    mkdir -p "$(target_libdir "$target")"
    rm -f "$(target_libdir "$target")"/*.rlib
    cp "$RUST/std/target/$target"/release/deps/lib*.rlib "$(target_libdir "$target")/"
    rm "$(target_libdir "$target")"/libnone-*.rlib
  done
  rm -rf "$RUST/std"
}

# What rustup's musl targets carry along: the C start files, libc.a and an unwinder. Debian's libunwind.a is made for glibc: it asks for two
# checked functions that musl has not, and names libraries that musl does not split off.
musl_self_contained() {
  local target=$1 work=$RUST/musl-$1 into gcc arch file
  into=$(target_libdir "$target")/self-contained
  gcc=$(target_gcc "$target")
  arch=$(target_arch "$target")
  unpack_packages "$work" "musl-dev:$arch/$(suite_of "$arch")" "libunwind-22-dev:$arch/$(suite_of "$arch")"
  mkdir -p "$into"
  cp "$work"/usr/lib/*-linux-musl*/{crt1.o,rcrt1.o,Scrt1.o,crti.o,crtn.o,libc.a} "$into/"
  for file in crtbegin crtbeginS crtend crtendS; do cp "$("$gcc-gcc" -print-file-name=$file.o)" "$into/"; done
  cp "$work/usr/lib/llvm-22/lib/libunwind.a" "$into/"
  "$gcc-objcopy" --remove-section=.deplibs "$into/libunwind.a"
  cat >"$work/checked.c" <<'EOF'
#include <stdarg.h>
typedef struct _IO_FILE FILE;
int vfprintf(FILE *, const char *, va_list);
int vsnprintf(char *, __SIZE_TYPE__, const char *, va_list);
int __vfprintf_chk(FILE *file, int flag, const char *format, va_list values) { return vfprintf(file, format, values); }
int __vsnprintf_chk(char *to, __SIZE_TYPE__ length, int flag, __SIZE_TYPE__ size, const char *format, va_list values) {
  return vsnprintf(to, length, format, values);
}
EOF
  "$gcc-gcc" -c -O2 -fno-builtin -fno-stack-protector "$work/checked.c" -o "$work/checked.o"
  "$gcc-ar" r "$into/libunwind.a" "$work/checked.o"
  rm -r "$work"
}

rust_std() {
  local from_source target
  from_source=$(std_from_packages)
  # shellcheck disable=SC2086
  std_from_source "${MUSL_TARGETS[@]}" $from_source
  for target in "${MUSL_TARGETS[@]}"; do musl_self_contained "$target"; done
  # Where the source is found, rustc writes its real path into users' binaries.
  rm -rf "$RUST/usr/src" "$RUST/usr/lib/rustlib/src"
}

up_rust() {
  env_begin rust
  env_set rust XBUILD_RIG_RUST_BIN "$RUST/bin"
  env_set rust XBUILD_RIG_RUST_VERSION "$("$RUST/bin/rustc" --version | cut -d ' ' -f 2)"
  have rust rust
  env_end rust
}
