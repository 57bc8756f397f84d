// docs/comparison.md, from the samples.
import { growthTable } from './growth-table.mjs'
import { median, table } from './report.mjs'
import { tools } from './tools.mjs'

/** Peers that no run here could have, and why. */
const notRun = {
  cross:
    'compiles in images of its own, which have to be pulled from ghcr.io; this machine does not reach it',
  'xx (rust-server)':
    'xx-cargo sets clang up as the linker first, and installs it with apt or apk where the image has none; the toolchain image here has neither, and its builder no network',
}

/** How a row was made, where a reader would not expect it. */
const remarks = {
  xx: 'its image is made from a checkout of its scripts, with this machine’s `file` and `flock` in it, which xx-verify calls',
  krust:
    'is in no package registry: built from its repository. It speaks HTTPS alone and takes a registry’s port for a tag, so that a TLS front on port 443 of the same machine passes everything on to the registry; and it asks rustup for the targets, for which a script answers that lists those of the toolchain. It reads no base whose history lacks `created_by`, and copies the layers of a base only from another registry than it pushes to, so that it has a copy of the base with that field, by another name of the same registry',
}

/**
 * @typedef {object} More
 * @property {string} measuredAt
 * @property {{ language: 'go' | 'rust' | 'zig' }} setting
 * @property {Record<string, string>} [leftOut]
 *
 * @typedef {import('./report.mjs').Comparison & More} Measured
 *
 * @param {readonly Measured[]} comparisons
 * @param {(import('./growth-table.mjs').Growth & { measuredAt: string }) | undefined} [growth]
 */
export function comparisonPage(comparisons, growth) {
  return `# Compared with other tools

From source to a pushed image of linux/amd64 and linux/arm64, on one machine, one tool after the other in turn, each with a copy of
the project and caches of its own. Every tool compiles with the same flags (\`-trimpath -ldflags="-s -w"\`; release profiles), puts the
program on the same base in a registry on the machine, and pushes one tag. No SBOM, no provenance. The tables are made by

    node scripts/comparison.mjs --registry HOST:PORT --distroless HOST:PORT/distroless --xx DIR \\
      --go HOST:PORT/golang:1.26.8 --rust HOST:PORT/rust:1.96.0 --zig HOST:PORT/zig:0.14.1

with every sample next to its chart (docs/comparison/*.json). *Cold* has empty caches of the
toolchain, of the tool and of the builder; the base and the downloads of dependencies are known. Where zig links, its cache is empty too, so that
it compiles musl and its own runtime for each target.
*One line changed* has a line in the main package that was never compiled before. *Nothing changed* is the same build once more: xbuild
calls the compiler, checks the binaries, asks the registry for every part of the image and reads manifests and configs back; layers that it
read back within a day it asks for without downloading them, and through buildx it does not make the image again. A number above 1 means that the tool took so many
times as long as xbuild did; below 1, it was quicker.

${comparisons.map(section).join('\n\n')}

${notAsTheyCome(comparisons)}## Not in the tables

${Object.entries({ ...notRun, ...leftOutOf(comparisons) })
  .map(([tool, why]) => `- **${tool}**: ${why}.`)
  .join('\n')}
${growth ? `\n## Growth\n\n${growthText}\n\n${growthTable(growth)} Measured ${growth.measuredAt.slice(0, 10)}.\n` : ''}`
}

const growthText = `Programs that share a package and net/http; every program becomes an image, pushed. One line of the shared package changed, so that
every program is linked anew; or nothing changed. The column by hand makes no image. ko builds on distroless,
the others on scratch, for distroless has not all of the platforms; it is measured at two sizes. Two runs each, one from 50 binaries on. Samples: [growth.json](comparison/growth.json),
by \`node scripts/measure-growth.mjs\`.`

/** @param {Parameters<typeof comparisonPage>[0][number]} comparison */
function section(comparison) {
  const { project, measuredAt } = comparison
  return `## ${project}

![${project}](comparison/${project}.svg)

${table(comparison)}; measured ${measuredAt.slice(0, 10)}.

${ahead(comparison)}`
}

/** Where a tool was quicker: said, not left to be found. @param {import('./report.mjs').Comparison} comparison */
function ahead({ rows }) {
  const quicker = rows.flatMap(({ scenario, samples }) =>
    Object.entries(samples).flatMap(([tool, own]) => {
      const [all, ours] = [own, samples[tool === 'GoReleaser' ? 'xbuild, buildx' : 'xbuild'] ?? []]
      if (tool.startsWith('xbuild') || all.length === 0 || ours.length === 0) return []
      const times = median(all) / median(ours)
      return times < 1 ? [`${tool} (${scenario}, ${times.toFixed(2)}×)`] : []
    }),
  )
  const found =
    quicker.length > 0
      ? `Quicker than xbuild: ${quicker.join(', ')}.`
      : 'No tool was quicker than xbuild in any row.'
  const withGoReleaser = rows.some(({ samples }) => samples.GoReleaser?.length)
  return withGoReleaser
    ? `${found} GoReleaser, which calls buildx, is compared with xbuild through buildx here.`
    : found
}

/** @param {Parameters<typeof comparisonPage>[0]} comparisons */
function notAsTheyCome(comparisons) {
  const rows = Object.entries(remarks)
    .filter(([tool]) => comparisons.some(({ lines }) => lines[tool] !== undefined))
    .map(([tool, how]) => `- **${tool}**: ${how}.`)
  return rows.length > 0 ? `## Not as they come\n\n${rows.join('\n')}\n\n` : ''
}

/** The tools of a project's language that its table does not have. @param {Parameters<typeof comparisonPage>[0]} comparisons */
function leftOutOf(comparisons) {
  return Object.fromEntries(
    comparisons.flatMap(({ project, lines, setting, leftOut = {} }) =>
      tools
        .filter(({ name, languages }) => languages.includes(setting.language) && lines[name] === undefined)
        .map(({ name }) => [
          `${name} (${project})`,
          leftOut[name] ?? 'was not there yet when this was measured',
        ]),
    ),
  )
}
