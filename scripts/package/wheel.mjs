// Makes a Python wheel with an executable inside (packaging.python.org, "Binary distribution format").
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { zip } from './zip.mjs'

/**
 * @param {{ path: string, version: string, tag: string, summary: string, readme: string, executable: Buffer, licenses: Record<string, string> }} parts
 */
export function makeWheel({ path, version, tag, summary, readme, executable, licenses }) {
  const info = `xbuild-${version}.dist-info`
  const metadata = [
    'Metadata-Version: 2.4',
    'Name: xbuild',
    `Version: ${version}`,
    `Summary: ${summary}`,
    'License-Expression: MIT',
    ...Object.keys(licenses).map(name => `License-File: ${name}`),
    'Requires-Python: >=3.8',
    'Description-Content-Type: text/markdown',
    '',
    readme,
  ].join('\n')
  const files = [
    { name: `xbuild-${version}.data/scripts/xbuild`, content: executable, mode: 0o755 },
    ...Object.entries({
      [`${info}/METADATA`]: metadata,
      [`${info}/WHEEL`]: `Wheel-Version: 1.0\nGenerator: xbuild ${version}\nRoot-Is-Purelib: false\nTag: py3-none-${tag}\n`,
      ...Object.fromEntries(
        Object.entries(licenses).map(([name, text]) => [`${info}/licenses/${name}`, text]),
      ),
    }).map(([name, text]) => ({ name, content: Buffer.from(text), mode: 0o644 })),
  ]
  const record = files.map(
    ({ name, content }) =>
      `${name},sha256=${createHash('sha256').update(content).digest('base64url')},${content.length}`,
  )
  const last = {
    name: `${info}/RECORD`,
    content: Buffer.from([...record, `${info}/RECORD,,`, ''].join('\n')),
    mode: 0o644,
  }
  writeFileSync(path, zip([...files, last]))
}
