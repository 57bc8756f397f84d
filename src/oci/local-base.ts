/** Whether xbuild itself makes or reads a base: `builtin`, or a path on this machine. */
export function isLocalBase(reference: string): boolean {
  return reference === 'builtin' || /^(\/|\.\.?\/|oci:)|\.tar$/.test(reference)
}
