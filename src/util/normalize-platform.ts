/**
 * Architecture spellings that containerd folds together (containerd/platforms database.go, normalizeArch), and `armv7`, which
 * is what people write.
 */
const architectureAliases = new Map<string, readonly [arch: string, variant?: string]>(
  Object.entries({
    i386: ['386', ''],
    x86_64: ['amd64'],
    'x86-64': ['amd64'],
    aarch64: ['arm64'],
    armhf: ['arm', 'v7'],
    armel: ['arm', 'v6'],
    armv5: ['arm', 'v5'],
    armv6: ['arm', 'v6'],
    armv7: ['arm', 'v7'],
  }),
)

/** Variant spellings that containerd folds together, per architecture. The empty string is "no variant". */
const variantAliases = new Map(
  Object.entries({
    amd64: { v1: '' },
    arm64: { '8': '', v8: '', 'v8.0': '', '9': 'v9', '9.0': 'v9', 'v9.0': 'v9' },
    arm: { '': 'v7', '5': 'v5', '6': 'v6', '7': 'v7', '8': 'v8' },
  } as Record<string, Record<string, string>>).map(([arch, variants]) => [
    arch,
    new Map(Object.entries(variants)),
  ]),
)

/**
 * The normal form of a platform's three parts, as containerd's `Normalize`, except that linux/arm becomes
 * linux/arm/v7, the same platform under its full name.
 */
export function normalizePlatform(os: string, arch: string, variant = ''): string {
  const lowered = arch.toLowerCase()
  const [normalArch, fixedVariant] = architectureAliases.get(lowered) ?? [lowered]
  const given = fixedVariant ?? variant.toLowerCase()
  const normalVariant = variantAliases.get(normalArch)?.get(given) ?? given
  return [os.toLowerCase(), normalArch, ...(normalVariant ? [normalVariant] : [])].join('/')
}
