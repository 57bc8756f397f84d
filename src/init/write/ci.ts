import type { LanguageName } from '../../languages/options.ts'
import { quoteWord } from '../../util/quote-word.ts'
import { readTemplate } from '../../util/template.ts'

/** Where a job of continuous integration can be written for. */
export const ciKinds = ['github', 'gitlab', 'none'] as const
export type CiKind = (typeof ciKinds)[number]

/** The file of each service, relative to the root of the repository. */
export const ciFile = { github: '.github/workflows/image.yml', gitlab: '.gitlab-ci.yml' } as const

/** What a job needs to know of the project. */
export interface CiFacts {
  readonly language: LanguageName
  /** `registry.example.com/owner/name`. */
  readonly image: string
  readonly branch: string
  /** The project's folder in the repository; `.` for its root. */
  readonly folder: string
  /** The file that says which Go it needs: go.mod or go.work. */
  readonly goFile: string
  /** The version of Zig that the project says. */
  readonly zig: string | undefined
}

/** Steps that put the toolchain on a runner of GitHub, which has rustup, Python and Node.js already. */
const setup: Readonly<Record<LanguageName, (facts: CiFacts) => string[]>> = {
  go: ({ goFile, folder }) => [
    '      - uses: actions/setup-go@v7',
    '        with:',
    `          go-version-file: ${yamlText(folder === '.' ? goFile : `${folder}/${goFile}`)}`,
    '          cache: false # a later step keeps more, and anew with every run',
  ],
  rust: () => ['      - run: rustup show active-toolchain || rustup toolchain install stable'],
  zig: ({ zig }) => [
    '      - name: Put zig on PATH',
    '        run: |',
    `          python3 -m pip install --target "$RUNNER_TEMP/zig" ziglang${zig ? `==${zig}` : ''}`,
    '          echo "$RUNNER_TEMP/zig/ziglang" >> "$GITHUB_PATH"',
  ],
}

/** A workflow of GitHub Actions that builds the image of pull requests, and pushes that of the branch and of tags. */
export function githubWorkflow(facts: CiFacts): string {
  const { image, branch, language, folder } = facts
  const [registry = ''] = image.split('/')
  return fill('init/github.yml', {
    branch,
    image,
    registry,
    setup: setup[language](facts).join('\n'),
    dir: argumentOf(folder),
  })
}

interface GitlabCaches {
  /** Folders below .xbuild-cache, by the toolchain's variable. */
  readonly variables: Readonly<Record<string, string>>
  /** What of them is kept, and folders of the project. */
  readonly kept: readonly string[]
  readonly own: readonly string[]
}

const gitlabCaches: Readonly<Record<LanguageName, GitlabCaches>> = {
  go: {
    variables: { GOCACHE: 'go-build', GOMODCACHE: 'go-mod' },
    kept: ['go-build', 'go-mod/cache/download'],
    own: [],
  },
  rust: { variables: { CARGO_HOME: 'cargo' }, kept: ['cargo/registry', 'cargo/git/db'], own: ['target'] },
  zig: { variables: { ZIG_GLOBAL_CACHE_DIR: 'zig' }, kept: ['zig'], own: ['.zig-cache'] },
}

/** The job of a GitLab pipeline. */
export function gitlabJob({ language, folder }: CiFacts): string {
  const { variables, kept, own } = gitlabCaches[language]
  const inFolder = (path: string) => (folder === '.' ? path : `${folder}/${path}`)
  return fill('init/gitlab.yml', {
    toolchain: { go: 'go', rust: 'cargo', zig: 'zig' }[language],
    dir: argumentOf(folder),
    caches: Object.entries(variables)
      .map(([name, path]) => `    ${name}: $CI_PROJECT_DIR/.xbuild-cache/${path}`)
      .join('\n'),
    kept: [...kept.map(path => `.xbuild-cache/${path}`), ...own.map(inFolder)].map(yamlText).join(', '),
  })
}

/** Adds the job to the end of a pipeline; its stage is the pipeline's last. */
export function addGitlabJob(
  before: string | undefined,
  facts: CiFacts,
): { readonly text: string } | { readonly kept: string } {
  if (before !== undefined && /\bxbuild\b/.test(before)) return { kept: 'it calls xbuild already' }
  if (before !== undefined && /^image-of-the-project:/m.test(before))
    return { kept: 'it has a job image-of-the-project' }
  const job = gitlabJob(facts)
  if (before === undefined || before.trim() === '') return { text: job }
  const stage = lastStage(`${before}\n`)
  const staged =
    stage === undefined ? job : job.replace(/^(image-of-the-project:\n)/m, `$1  stage: ${stage}\n`)
  return { text: `${before.replace(/\n*$/, '\n')}\n${staged}` }
}

/** The last item of `stages:`, as a list of lines or in brackets. */
function lastStage(text: string): string | undefined {
  const [, inline] = /^stages:\s*\[([^\]]*)\]/m.exec(text) ?? []
  const [, block] = /^stages:\s*(?:#.*)?\n((?:\s*(?:-[^\n]*|#[^\n]*)?\n)+)/m.exec(text) ?? []
  const items =
    inline?.split(',') ?? block?.split('\n').flatMap(line => /^\s*-\s*([^#]*)/.exec(line)?.[1] ?? []) ?? []
  const last = items
    .map(item => item.trim())
    .filter(Boolean)
    .at(-1)
  return last && /^["']?[\w .-]+["']?$/.test(last) ? last : undefined
}

/** The folder as xbuild takes it on a command line; nothing for the root. */
const argumentOf = (folder: string) => (folder === '.' ? '' : ` ${quoteWord(folder)}`)

/** A path as YAML has it. */
const yamlText = (path: string) => (/^[\w./@+-]+$/.test(path) ? path : JSON.stringify(path))

function fill(name: string, values: Readonly<Record<string, string>>): string {
  return readTemplate(name).replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? '')
}
