const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

/** The OCI name of an architecture that Node names, this machine's by default (OCI image-spec, "platform"). */
export function hostArch(nodeArch: string = process.arch): string {
  return names[nodeArch] ?? nodeArch
}
