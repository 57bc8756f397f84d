import { buildFlags } from '../config/flags.ts'
import { registryHosts } from '../config/image-options.ts'
import { loadConfig } from '../config/load.ts'
import { Failure } from '../errors.ts'
import { interruptSignal } from '../interrupt.ts'
import { defaultPlatforms, parsePlatforms } from '../platforms.ts'
import { cleanText } from '../util/printable.ts'
import { defineCommand } from './command.ts'

const formats = ['text', 'json', 'github', 'sarif'] as const

/** `xbuild lint [file…]`: multi-platform mistakes in Dockerfiles, workflows and bake files, without building anything. */
export const lintCommand = defineCommand({
  usage: 'lint [file..]',
  describe: 'Find multi-platform mistakes in Dockerfiles, workflows and bake files',
  examples: [
    ['lint', 'every Dockerfile and workflow below this folder'],
    ['lint Dockerfile --format github', 'with annotations for a pull request'],
  ],
  positionals: {
    file: { type: 'string', array: true, describe: 'Files or folders (all that git tracks)' },
  },
  flags: {
    format: { choices: formats, describe: 'text, json, github (annotations) or sarif (text)' },
    'fail-on': {
      choices: ['error', 'warning', 'info', 'none'] as const,
      describe: 'Exit with 1 on a finding at least this bad (warning)',
    },
    fix: { type: 'boolean', describe: 'Correct what can be corrected mechanically' },
    registry: {
      type: 'boolean',
      describe: 'Ask registries for the platforms of base images, and BuildKit for its own checks',
    },
    platform: buildFlags.platform,
    'insecure-registry': buildFlags['insecure-registry'],
    explain: { type: 'string', requiresArg: true, describe: 'Explain a rule' },
  },
  run: async argv => {
    if (argv.explain !== undefined) return explain(argv.explain)
    const config = await loadConfig('.')
    const { lintFiles } = await import('../lint/lint-files.ts')
    const result = await lintFiles({
      cwd: process.cwd(),
      files: (argv.file as readonly string[] | undefined) ?? [],
      fix: argv.fix ?? false,
      signal: interruptSignal,
      ...(argv.registry && {
        registry: {
          platforms: parsePlatforms(argv.platform ?? config.platforms ?? defaultPlatforms),
          insecure: registryHosts(argv.insecureRegistry ?? config.image['insecure-registries'] ?? []),
        },
      }),
    })
    await print(result, argv.format ?? 'text', argv['failOn'] ?? 'warning')
  },
})

type Result = Awaited<ReturnType<typeof import('../lint/lint-files.ts')['lintFiles']>>

async function print(
  { findings: found, texts: read, notes, fixed }: Result,
  format: (typeof formats)[number],
  failOn: 'error' | 'warning' | 'info' | 'none',
): Promise<void> {
  const { isAtLeast } = await import('../lint/finding.ts')
  // What files say and are called may be anything.
  const findings = found.map(cleanFinding)
  const texts = new Map([...read].map(([path, text]) => [cleanText(path), text]))
  const { countFindings, formatText } = await import('../lint/format/text.ts')
  if (format === 'json') process.stdout.write((await import('../lint/format/json.ts')).formatJson(findings))
  else if (format === 'github')
    process.stdout.write((await import('../lint/format/github.ts')).formatGithub(findings))
  else if (format === 'sarif')
    process.stdout.write((await import('../lint/format/sarif.ts')).formatSarif(findings, texts))
  else {
    const colour = process.stdout.isTTY === true && !process.env['NO_COLOR']
    const text = formatText(findings, texts, colour)
    if (text) process.stdout.write(`${text}\n`)
  }
  for (const note of notes) process.stderr.write(`xbuild: ${cleanText(note)}\n`)
  if (fixed > 0) process.stderr.write(`xbuild: ${fixed} corrected\n`)
  const summary = countFindings(findings, texts.size)
  const bad = failOn === 'none' ? [] : findings.filter(({ severity }) => isAtLeast(severity, failOn))
  if (bad.length === 0) {
    process.stderr.write(`xbuild: ${summary}\n`)
    return
  }
  const fixable = findings.some(({ edits }) => edits)
  const [first] = bad
  throw new Failure({
    kind: 'no',
    what: summary[0]?.toUpperCase() + summary.slice(1),
    fix: fixable ? 'xbuild lint --fix corrects some of them' : `xbuild lint --explain ${first?.ruleId}`,
  })
}

function cleanFinding<T extends { file: string; message: string; fix?: string | undefined }>(finding: T): T {
  const { file, message, fix } = finding
  return {
    ...finding,
    file: cleanText(file),
    message: cleanText(message),
    ...(fix !== undefined && { fix: cleanText(fix) }),
  }
}

async function explain(id: string): Promise<void> {
  const { findRule } = await import('../lint/rules.ts')
  const { unknownRule } = await import('../lint/ignored-rules.ts')
  const { rulePage } = await import('../lint/rule-page.ts')
  const rule = findRule(id)
  if (!rule) throw unknownRule(id, '--explain')
  process.stdout.write(rulePage(rule))
}
