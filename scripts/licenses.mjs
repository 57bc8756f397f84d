// Collects the licences of the packages that a bundle holds.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {{ name: string, version: string, license: string, author?: string | { name: string } }} Manifest */

/**
 * The folders of the packages whose code is in a bundle, and of no others.
 * @param {import('esbuild').Metafile} metafile
 */
export function bundledPackages(metafile) {
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
  const folders = inputs.flatMap(path => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

/**
 * The text of dist/THIRD_PARTY_LICENSES: each package once, with the licence files that it was published with.
 * @param {readonly string[]} folders of bundledPackages
 */
export function thirdPartyLicenses(folders) {
  const sections = new Map(folders.map(folder => [titleOf(readManifest(folder)), licenseOf(folder)]))
  const head =
    'xbuild is bundled with the packages below. What they were published under follows, in their own words.\n'
  const certificates =
    'Root certificates of the base `builtin`: from the root store of Mozilla (certdata.txt), under the Mozilla Public License 2.0,\n' +
    'https://www.mozilla.org/MPL/2.0/. They are unchanged, and are to be had from https://hg.mozilla.org/projects/nss/.\n'
  const texts = [...sections]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([title, text]) => `${title}\n\n${text}\n`)
  return [head, certificates, ...texts].join(`\n${'-'.repeat(80)}\n\n`)
}

/** @param {Manifest} manifest */
const titleOf = ({ name, version, license }) => `${name} ${version} (${license})`

/**
 * @param {string} folder
 * @returns {Manifest}
 */
const readManifest = folder => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** @param {string} folder */
function licenseOf(folder) {
  const names = readdirSync(folder).filter(name => /^(licen[cs]e|copying|notice)/i.test(name))
  if (names.length > 0) return names.map(name => readFileSync(join(folder, name), 'utf8').trim()).join('\n\n')
  return impliedLicense(readManifest(folder))
}

/**
 * What a package says that comes without a licence file: its author and the name of its licence, here with the text of it.
 * @param {Manifest} manifest
 */
function impliedLicense({ name, license, author }) {
  if (license !== 'MIT' || !author)
    throw new Error(`${name} is bundled, and comes without the text of its licence`)
  const holder = typeof author === 'string' ? author : author.name
  // The MIT licence is the one that xbuild itself has.
  const [, , , ...text] = readFileSync(new URL('../LICENSE', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  return [
    `Published without a licence file; package.json names MIT and this author.`,
    '',
    `Copyright (c) ${holder}`,
    ...text,
  ].join('\n')
}
