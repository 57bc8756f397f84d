import type { Dockerfile, Instruction, Word } from '../../dockerfile/model.ts'
import { commandsOf, type ShellCommand } from '../../dockerfile/shell.ts'
import { lineage } from '../../dockerfile/stages.ts'
import { ignoredBy } from '../dockerignore.ts'
import type { Rule } from '../finding.ts'
import { webPage } from './examples.ts'

/** What a COPY or ADD takes from the build context, without addresses and what only variables know. */
function contextSources({ keyword, flags, words }: Instruction): Word[] {
  if ((keyword !== 'COPY' && keyword !== 'ADD') || flags.some(({ name }) => name === 'from')) return []
  return words.slice(0, -1).filter(({ value }) => !/^(?:https?:|git@|<<)|\$|:\/\//.test(value))
}

const wholeContext = /^(?:\.\/?|\/|\*|\.\/\*)$/

export const sourcesBeforeDependencies: Rule<Dockerfile> = {
  id: 'sources-before-dependencies',
  severity: 'warning',
  summary: 'Dependencies are downloaded before the sources are copied.',
  explanation: `A layer is built anew when anything before it changed. After \`COPY . .\` every edit of every file downloads all
dependencies again, once for each platform. Copy the manifests first (\`go.mod go.sum\`, \`Cargo.toml Cargo.lock\`,
\`package.json\` and its lock file), download, then copy the rest; or keep the downloads in a \`RUN --mount=type=cache\`.`,
  bad: webPage
    .replace('COPY package.json package-lock.json ./\nRUN npm ci\n', '')
    .replace('RUN npm run', 'RUN npm ci && npm run'),
  good: webPage,
  *check({ stages }) {
    for (const stage of stages) {
      const before = lineage(stage)
        .slice(1)
        .flatMap(({ instructions }) => instructions)
      const all = [...before, ...stage.instructions].filter(({ onbuild }) => !onbuild)
      const index = all.findIndex(one => contextSources(one).some(({ value }) => wholeContext.test(value)))
      const copy = all[index]
      if (!copy || !stage.instructions.includes(copy)) continue
      const early = all.slice(0, index)
      if (
        early.some(one =>
          one.keyword === 'COPY' || one.keyword === 'ADD' ? !one.words.every(isSetUp) : readsManifest(one),
        )
      )
        continue
      const command = downloadAfter(all.slice(index + 1))
      if (!command) continue
      yield {
        start: copy.start,
        end: copy.end,
        message: `every edit makes ${command.tool} download all dependencies again`,
        fix: 'copy the manifests, download the dependencies, then copy the rest',
      }
    }
  },
}

/** A file copied early that holds no manifest: scripts and settings of the system. */
function isSetUp({ value }: Word): boolean {
  return !/(?:go\.(?:mod|sum|work)|cargo\.|package|lock|requirements|pyproject|gemfile|composer|\.toml|\.json|recipe|manifest)/i.test(
    value,
  )
}

/** A step that gets its dependencies from mounted manifests, or has them from elsewhere. */
function readsManifest({ keyword, flags }: Instruction): boolean {
  return keyword === 'RUN' && flags.some(({ name, value }) => name === 'mount' && value.includes('type=bind'))
}

function downloadAfter(instructions: readonly Instruction[]): ShellCommand | undefined {
  for (const one of instructions) {
    if (one.keyword !== 'RUN') continue
    const cached = one.flags.some(({ name, value }) => name === 'mount' && value.includes('type=cache'))
    const command = commandsOf(one).find(downloads)
    if (command) return cached ? undefined : command
  }
  return undefined
}

function downloads({ tool, words }: ShellCommand): boolean {
  const [sub = '', ...rest] = words.slice(1).map(({ value }) => value)
  if (rest.some(value => /^(?:-mod=vendor|--offline|--frozen|-g|--global|--version)$/.test(value)))
    return false
  if (tool === 'go')
    return (
      (sub === 'mod' && rest[0] === 'download') ||
      (sub === 'build' && !rest.some(value => value.endsWith('.go')))
    )
  if (tool === 'cargo') return sub === 'build' || sub === 'fetch'
  if (tool === 'npm' || tool === 'pnpm')
    return sub === 'ci' || (/^(?:install|i)$/.test(sub) && rest.every(value => value.startsWith('-')))
  if (tool === 'yarn') return sub === '' || (sub === 'install' && rest.every(value => value.startsWith('-')))
  if (/^pip3?$/.test(tool))
    return sub === 'install' && rest.some(value => value === '-r' || value.startsWith('--requirement'))
  if (tool === 'bundle' || tool === 'composer' || tool === 'poetry') return sub === 'install'
  return tool === 'uv' && sub === 'sync'
}

export const dockerignoreHidesSource: Rule<Dockerfile> = {
  id: 'dockerignore-hides-source',
  severity: 'error',
  summary: 'What COPY and ADD take is not excluded by .dockerignore.',
  explanation: `A file that \`.dockerignore\` excludes is not sent to the builder: \`COPY dist/app /app\` fails with \`"/dist/app": not
found\`, although the file is there. Add an exception (\`!dist/app\`), or give the Dockerfile a \`.dockerignore\` of its own, named
\`Dockerfile.dockerignore\`.`,
  bad: `# .dockerignore: dist
FROM gcr.io/distroless/static-debian13:nonroot
COPY dist/app /app
ENTRYPOINT ["/app"]
`,
  good: `# .dockerignore: node_modules
FROM gcr.io/distroless/static-debian13:nonroot
COPY dist/app /app
ENTRYPOINT ["/app"]
`,
  buildkit: ['CopyIgnoredFile'],
  *check({ instructions, dockerignore }) {
    if (dockerignore === undefined) return
    for (const source of instructions.flatMap(contextSources)) {
      const pattern = wholeContext.test(source.value) ? undefined : ignoredBy(dockerignore, source.value)
      if (pattern === undefined) continue
      yield {
        start: source.start,
        end: source.end,
        message: `.dockerignore excludes ${source.value} (${JSON.stringify(pattern)})`,
        fix: `!${source.value.replace(/^\.?\//, '')} at the end of .dockerignore`,
      }
    }
  },
}
