// The official Node.js programs that executables are made of, from npm packages that hold them.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../bundle-options.mjs'

/**
 * Node.js 24 is the newest line with long-term support whose programs need no libatomic, which minimal Debian and Ubuntu lack.
 * What npm has is compared with the digest here.
 */
const nodeVersion = '24.21.0'

/**
 * What the architectures are called: in npm and Node.js, in platforms, in Python's wheels. Their glibc is that of RHEL 8.
 * @type {Record<string, { platform: string, wheel: string, integrity: string }>}
 */
export const architectures = {
  x64: {
    platform: 'linux/amd64',
    wheel: 'manylinux_2_28_x86_64',
    integrity:
      'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  arm64: {
    platform: 'linux/arm64',
    wheel: 'manylinux_2_28_aarch64',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
}

/**
 * The unpacked npm package with bin/node and LICENSE, downloaded where it is not there yet.
 * @param {string} arch
 */
export function nodePackage(arch) {
  const folder = join(root, 'build/node', `${nodeVersion}-${arch}`)
  if (existsSync(join(folder, 'LICENSE'))) return folder
  const incoming = `${folder}.${process.pid}`
  mkdirSync(incoming, { recursive: true })
  const spec = `node-linux-${arch}@${nodeVersion}`
  const options = { cwd: incoming, encoding: /** @type {const} */ ('utf8') }
  const name =
    execFileSync('npm', ['pack', '--silent', '--ignore-scripts', spec], options).trim().split('\n').at(-1) ??
    ''
  const digest = createHash('sha512')
    .update(readFileSync(join(incoming, name)))
    .digest('base64')
  if (`sha512-${digest}` !== architectures[arch].integrity)
    throw new Error(`${spec} is not the package that was pinned`)
  execFileSync('tar', ['-xzf', name, '--strip-components=1', 'package/bin/node', 'package/LICENSE'], options)
  renameSync(incoming, folder)
  return folder
}
