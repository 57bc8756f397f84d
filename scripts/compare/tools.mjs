// The tools that scripts/compare.mjs compares: for each what it needs in the project's folder, and the commands of a build.
// Every one compiles for the same platforms with the same flags, puts the program on the same base, and pushes one tag.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildx, dockerfileTools } from './dockerfiles.mjs'

/**
 * @typedef {object} Place a copy of the project that one tool builds
 * @property {string} dir
 * @property {string} name of the image, without the registry
 * @property {string} caches folder of the toolchain's and the tool's own caches
 * @property {string} [cacheId] of the builder's cache mounts
 *
 * @typedef {object} Setting
 * @property {'go' | 'rust' | 'zig'} language
 * @property {string} program name of the executable
 * @property {string} main package, file or folder of the program
 * @property {string} registry
 * @property {string} base
 * @property {string | undefined} [image] of the toolchain, for a Dockerfile that compiles
 * @property {readonly string[]} platforms
 * @property {string | undefined} [xx] the image that holds the scripts of xx
 * @property {import('./tls-front.mjs').Front | undefined} [front] the registry over TLS, for krust
 * @property {string | undefined} [baseWithHistory] the base that krust can read
 *
 * @typedef {object} Call
 * @property {string} tool
 * @property {readonly string[]} args
 * @property {Readonly<Record<string, string>>} [env]
 *
 * @typedef {object} Tool
 * @property {string} name
 * @property {readonly Setting['language'][]} languages
 * @property {string} checks what it looks at before it says that all is well
 * @property {boolean} [vendored] it compiles in a builder that may have no network: the dependencies are put into the project
 * @property {(setting: Setting) => string | undefined} [lacks] what else it needs, where that is not there
 * @property {(setting: Setting, place: Place) => Readonly<Record<string, string>>} files its configuration, by path
 * @property {(setting: Setting, place: Place, cold?: boolean) => readonly Call[]} calls
 */

const xbuildPath = fileURLToPath(new URL('../../bin/xbuild.js', import.meta.url))
const zigWrappers = { x86_64: 'linux/amd64', aarch64: 'linux/arm64' }

/** The command of cargo-zigbuild's Python package, or the one on PATH. */
const zigbuild = process.env.COMPARE_CARGO_ZIGBUILD ?? 'cargo-zigbuild'

export const krust = process.env.COMPARE_KRUST ?? 'krust'

/** @param {string} backend @returns {Tool['calls']} */
const xbuildCalls =
  backend =>
  ({ base, platforms, registry, program }, { name }) => [
    {
      tool: process.execPath,
      args: [
        xbuildPath,
        'build',
        `--backend=${backend}`,
        `--base=${base}`,
        `--bin=${program}`,
        `--platform=${platforms.join(',')}`,
        `--tag=${registry}/${name}:1`,
        '--push',
        '--progress=quiet',
      ],
    },
  ]

const read = 'every binary’s ELF; the pushed index, and that each platform holds the binary that was compiled'

/** @type {readonly Tool[]} */
export const tools = [
  {
    name: 'xbuild',
    languages: ['go', 'rust', 'zig'],
    checks: read,
    files: () => ({}),
    calls: xbuildCalls('oci'),
  },
  {
    name: 'xbuild, buildx',
    languages: ['go', 'rust', 'zig'],
    checks: read,
    files: () => ({}),
    calls: xbuildCalls('buildx'),
  },
  {
    name: 'ko',
    languages: ['go'],
    checks: 'nothing',
    files: koFiles,
    calls: koCalls,
  },
  {
    name: 'ko, KOCACHE',
    languages: ['go'],
    checks: 'nothing',
    files: koFiles,
    calls: (setting, place) =>
      koCalls(setting, place).map(call => ({
        ...call,
        env: { ...call.env, KOCACHE: join(place.caches, 'ko') },
      })),
  },
  {
    name: 'GoReleaser',
    languages: ['go'],
    checks: 'nothing',
    files: ({ base, program, main, registry, platforms }, { name }) => ({
      '.goreleaser.yaml': [
        'version: 2',
        'builds:',
        `  - main: ${main}`,
        `    binary: ${program}`,
        '    env: [CGO_ENABLED=0]',
        '    flags: [-trimpath]',
        '    ldflags: [-s -w]',
        `    targets: [${platforms.map(id => id.replace(/^linux\/(\w+)$/, 'linux_$1')).join(', ')}]`,
        'dockers_v2:',
        `  - images: [${registry}/${name}]`,
        '    tags: ["1"]',
        `    platforms: [${platforms.join(', ')}]`,
        '    sbom: "false"',
        'changelog: { disable: true }',
        'release: { disable: true }',
        '',
      ].join('\n'),
      Dockerfile: `FROM ${base}\nARG TARGETPLATFORM\nCOPY $TARGETPLATFORM/${program} /${program}\nENTRYPOINT ["/${program}"]\n`,
    }),
    calls: () => [
      {
        tool: process.env.COMPARE_GORELEASER ?? 'goreleaser',
        args: ['release', '--clean', '--skip=validate,announce'],
      },
    ],
  },
  {
    name: 'cargo-zigbuild, buildx',
    languages: ['rust'],
    checks: 'nothing',
    files: ({ base, program }) => ({
      Dockerfile: `FROM ${base}\nARG TARGETPLATFORM\nCOPY out/$TARGETPLATFORM/${program} /${program}\nENTRYPOINT ["/${program}"]\n`,
      '.dockerignore': '*\n!out\n',
    }),
    calls: (setting, place) => {
      const targets = Object.keys(zigWrappers).map(arch => `${arch}-unknown-linux-musl`)
      const copies = Object.entries(zigWrappers).flatMap(([arch, platform]) => [
        'install',
        '-D',
        `${place.caches}/target/${arch}-unknown-linux-musl/release/${setting.program}`,
        `out/${platform}/${setting.program}`,
      ])
      const half = copies.length / 2
      return [
        {
          tool: zigbuild,
          args: ['zigbuild', '--release', ...targets.flatMap(target => ['--target', target])],
        },
        { tool: copies[0] ?? '', args: copies.slice(1, half) },
        { tool: copies[half] ?? '', args: copies.slice(half + 1) },
        buildx(setting, place, []),
      ]
    },
  },
  {
    name: 'krust',
    languages: ['rust'],
    checks: 'nothing',
    lacks: ({ front }) =>
      front ? undefined : 'HTTPS on port 443, which krust needs (openssl, and the right to listen there)',
    files: ({ baseWithHistory, front, registry }) => ({
      '.config/krust/config.toml': `base_image = "${baseWithHistory?.replace(registry, front?.alias ?? '')}"\n`,
    }),
    calls: ({ platforms, front }, { dir, name }) => [
      {
        tool: krust,
        args: ['build', `--platform=${platforms.join(',')}`, '--tag=1'],
        env: {
          KRUST_REPO: `${front?.registry}/${name}`,
          XDG_CONFIG_HOME: join(dir, '.config'),
          SSL_CERT_FILE: front?.certificates ?? '',
          PATH: [front?.bin, dirname(zigbuild), process.env.PATH].join(delimiter),
        },
      },
    ],
  },
  ...dockerfileTools,
]

/** @type {Tool['files']} */
function koFiles({ base }) {
  return { '.ko.yaml': `defaultBaseImage: ${base}\ndefaultLdflags: ["-s", "-w"]\n` }
}

/** Without its SBOM, which the others make none of. @type {Tool['calls']} */
function koCalls({ main, platforms, registry }, { name }) {
  const args = ['build', main, '--sbom=none', `--platform=${platforms.join(',')}`, '--bare', '--tags=1']
  return [{ tool: process.env.COMPARE_KO ?? 'ko', args, env: { KO_DOCKER_REPO: `${registry}/${name}` } }]
}

/** Writes files below a folder. @param {string} dir @param {Readonly<Record<string, string>>} files */
export function writeFiles(dir, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

/** A copy of a project, without what was built there. @param {string} from @param {string} to */
export function copyProject(from, to) {
  const built = /\/(dist|target|zig-out|\.zig-cache|\.git|\.xbuild|xbuild\.toml)$/
  cpSync(from, to, { recursive: true, filter: path => !built.test(path) })
}
