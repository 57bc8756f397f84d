import { spawnSync } from 'node:child_process'
import { krust } from './tools.mjs'

/**
 * The versions of what was compared.
 * @param {'go' | 'rust' | 'zig'} language
 * @param {readonly string[]} names of the tools
 * @param {string | undefined} xx folder with the scripts of xx
 */
export function versionsOf(language, names, xx) {
  const called = (/** @type {string} */ name) => names.some(each => each.startsWith(name))
  const asked = {
    'Node.js': process.version,
    [language]: {
      go: () => first('go', 'version'),
      rust: () => first('rustc', '--version'),
      zig: () => first('zig', 'version'),
    }[language](),
    buildx: first('docker', 'buildx', 'version'),
    ...(called('ko') && { ko: first(process.env.COMPARE_KO ?? 'ko', 'version') }),
    ...(called('GoReleaser') && {
      GoReleaser: first(process.env.COMPARE_GORELEASER ?? 'goreleaser', '--version'),
    }),
    ...(called('cargo-zigbuild') && {
      'cargo-zigbuild': first(process.env.COMPARE_CARGO_ZIGBUILD ?? 'cargo-zigbuild', '--version'),
      'its zig': first(process.env.CARGO_ZIGBUILD_ZIG_PATH ?? 'zig', 'version'),
    }),
    ...(called('krust') && { krust: first(krust, 'version') }),
    ...(called('xx') && xx && { xx: output('git', '-C', xx, 'describe', '--always', '--tags').trim() }),
  }
  return Object.fromEntries(Object.entries(asked).filter(([, version]) => version))
}

/** The first version in what a command says. @param {string} tool @param {readonly string[]} args */
function first(tool, ...args) {
  return /v?\d+(\.\d+)+\S*/.exec(output(tool, ...args))?.[0]
}

/** @param {string} tool @param {readonly string[]} args */
function output(tool, ...args) {
  return spawnSync(tool, args, { encoding: 'utf8' }).stdout ?? ''
}
