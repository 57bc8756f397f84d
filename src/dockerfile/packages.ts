const managers: Readonly<Record<string, RegExp>> = {
  apk: /^(?:add|del|update|upgrade)$/,
  'apt-get': /^(?:install|update|upgrade|clean|autoremove|remove|purge|autoclean|dist-upgrade)$/,
  apt: /^(?:install|update|upgrade|clean|autoremove|remove|purge)$/,
  yum: /^(?:install|update|upgrade|clean|-y)$/,
  dnf: /^(?:install|update|upgrade|clean|-y)$/,
  microdnf: /^(?:install|update|upgrade|clean|-y)$/,
  tdnf: /^(?:install|update|upgrade|clean|-y)$/,
}

/** The packages that a command installs; undefined for one that is no package manager. */
export function installedPackages(tool: string, words: readonly string[]): string[] | undefined {
  if (!Object.hasOwn(managers, tool)) return undefined
  const rest = words
    .slice(1)
    .filter(
      (word, at, all) =>
        !word.startsWith('-') && !/^(?:--virtual|-t|-X|--repository)$/.test(all[at - 1] ?? ''),
    )
  const [sub, ...names] = rest
  if (sub !== 'add' && sub !== 'install') return []
  return names.map(name => name.replace(/[=<>~@].*$/, ''))
}

/** What every distroless image has, or a static binary does not need. */
const inDistroless =
  /^(?:ca-certificates|ca-certificates-bundle|tzdata|libc6-compat|gcompat|musl|libgcc|libgcc-s1|libgcc1|libstdc\+\+6?|libc6|openssl|libssl\d?[\w.-]*|netbase|media-types|mailcap|base-files)$/

/** Packages of the final image that distroless does not have. */
export const missingPackages = (packages: readonly string[]): string[] =>
  packages.filter(name => !inDistroless.test(name))
