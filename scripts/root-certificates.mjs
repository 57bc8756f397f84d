// Writes templates/ca-certificates.crt, the certificates of the base `builtin`: Mozilla's root store as this Node.js carries
// it. It is kept in the repository so that one version of xbuild makes one `builtin`, whatever runs it. Run it with the
// newest Node.js before a release:
//
//   npx --package node@latest node scripts/root-certificates.mjs
import { writeFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'

const target = new URL('../templates/ca-certificates.crt', import.meta.url)
writeFileSync(target, `${[...rootCertificates].sort().join('\n')}\n`)
console.log(`${rootCertificates.length} certificates of Node.js ${process.versions.node}`)
