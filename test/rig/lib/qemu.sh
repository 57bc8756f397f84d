# QEMU user emulators and their registration in the kernel (binfmt_misc).

BINFMT=/proc/sys/fs/binfmt_misc
QEMU_ARCHITECTURES=(aarch64 arm riscv64)

# ELF header of each machine: magic, then mask. The mask lets ET_EXEC and ET_DYN through and ignores the OS ABI byte.
QEMU_MASK='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
qemu_magic() {
  case $1 in
  aarch64) echo '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00' ;;
  arm) echo '\x7fELF\x01\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x28\x00' ;;
  riscv64) echo '\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xf3\x00' ;;
  esac
}

# F keeps the emulator's file open, so it is found inside containers too; P hands on argv[0], which BusyBox goes by.
qemu_register() {
  local arch
  for arch in "${QEMU_ARCHITECTURES[@]}"; do
    [ "$arch" = "$(uname -m)" ] && continue
    [ -e "$BINFMT/qemu-$arch" ] && continue
    printf '%s' ":qemu-$arch:M::$(qemu_magic "$arch"):$QEMU_MASK:$RIG_TOOLS/usr/bin/qemu-$arch:PF" >"$BINFMT/register"
    touch "$RIG/run/binfmt-$arch" # ours to remove
  done
}

# Every emulator goes, whoever registered it: what stays registered would hide a build that needs it.
qemu_unregister() {
  local entry
  for entry in "$BINFMT"/qemu-*; do
    [ -e "$entry" ] || continue
    echo -1 >"$entry"
  done
  rm -f "$RIG"/run/binfmt-*
}

up_qemu() {
  local arch
  if ! mountpoint -q "$BINFMT"; then
    mount -t binfmt_misc binfmt_misc "$BINFMT"
    touch "$RIG/run/binfmt-mounted"
  fi
  qemu_register
  env_begin qemu
  for arch in aarch64 arm riscv64 s390x ppc64le; do
    env_set qemu "XBUILD_RIG_QEMU_${arch^^}" "$RIG_TOOLS/usr/bin/qemu-$arch"
  done
  env_set qemu XBUILD_RIG_QEMU_SWITCH "$RIG_HOME/qemu"
  have qemu qemu
  have qemu no-qemu
  env_end qemu
}

down_qemu() {
  local marker
  for marker in "$RIG"/run/binfmt-*; do
    [ -e "$marker" ] || continue
    [ "$marker" = "$RIG/run/binfmt-mounted" ] && continue
    [ -e "$BINFMT/qemu-${marker##*binfmt-}" ] && echo -1 >"$BINFMT/qemu-${marker##*binfmt-}"
    rm "$marker"
  done
  if [ -e "$RIG/run/binfmt-mounted" ]; then
    umount "$BINFMT" 2>/dev/null || say "binfmt_misc stays mounted: something else uses it"
    rm "$RIG/run/binfmt-mounted"
  fi
}
