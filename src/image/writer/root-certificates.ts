import { readFileSync } from 'node:fs'

/**
 * Mozilla's root certificates in PEM, sorted: templates/ca-certificates.crt, which scripts/root-certificates.mjs wrote.
 * scripts/bundle.mjs puts the text into the bundle in place of this module; it is not among the other templates, which
 * every command loads.
 */
export function rootCertificates(): string {
  return readFileSync(new URL('../../../templates/ca-certificates.crt', import.meta.url), 'utf8')
}
