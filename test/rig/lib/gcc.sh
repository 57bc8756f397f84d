# Debian's cross gcc for arm64 and armhf, installed as a contributor would: it cannot be moved to another folder.

cross_gcc_installed() { command -v aarch64-linux-gnu-gcc >/dev/null && command -v arm-linux-gnueabihf-gcc >/dev/null; }

install_cross_gcc() {
  cross_gcc_installed || rig_apt install gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf libc6-dev-arm64-cross libc6-dev-armhf-cross
}

up_cross_gcc() {
  env_begin cross-gcc
  env_set cross-gcc XBUILD_RIG_GCC_ARM64 "$(command -v aarch64-linux-gnu-gcc)"
  env_set cross-gcc XBUILD_RIG_GCC_ARMHF "$(command -v arm-linux-gnueabihf-gcc)"
  have cross-gcc cross-gcc
  env_end cross-gcc
}
