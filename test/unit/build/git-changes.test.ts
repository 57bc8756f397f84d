import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest'
import { readGit } from '../../../src/build/git-info.ts'
import { project, temporaryFolder } from '../../support/projects.ts'

/** A repository that came from somebody, with a program of theirs that leaves a mark when it runs. */
interface Theirs {
  readonly dir: string
  readonly evil: string
  readonly mark: string
}

function git(dir: string, ...args: string[]): string {
  const own = ['-c', 'user.name=T', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main']
  return execFileSync('git', [...own, '-c', 'protocol.file.allow=always', ...args], {
    cwd: dir,
    stdio: 'pipe',
  })
    .toString()
    .trim()
}

async function repository(files: Readonly<Record<string, string>>): Promise<Theirs> {
  const dir = await project(files)
  git(dir, 'init', '-q')
  git(dir, 'add', '-A')
  git(dir, 'commit', '-qm', 'first')
  git(dir, 'tag', 'v1.0.0')
  const mark = join(await temporaryFolder(), 'ran')
  const evil = join(await temporaryFolder(), 'evil')
  await writeFile(evil, `#!/bin/sh\ntouch '${mark}'\ncat\n`)
  await chmod(evil, 0o755)
  return { dir, evil, mark }
}

/** Another mtime than the index has, so that git must compare the content. */
const touch = (path: string) => utimes(path, 1_800_000_000, 1_800_000_000)

const ran = (mark: string) =>
  stat(mark).then(
    () => true,
    () => false,
  )

const filtered = { '.gitattributes': '*.txt filter=x diff=x\n', 'a.txt': 'a' }

beforeEach(async () => {
  vi.stubEnv('SOURCE_DATE_EPOCH', '')
  vi.stubEnv('HOME', await temporaryFolder())
})
afterEach(() => vi.unstubAllEnvs())

/** Every way in which a repository's own settings name a program for what `git status` compares. */
const ways: Readonly<Record<string, (theirs: Theirs) => void | Promise<void>>> = {
  'filter.clean': ({ dir, evil }) => void git(dir, 'config', 'filter.x.clean', evil),
  'filter.clean, required': ({ dir, evil }) => {
    git(dir, 'config', 'filter.x.clean', evil)
    git(dir, 'config', 'filter.x.required', 'true')
  },
  'filter.process': ({ dir, evil }) => void git(dir, 'config', 'filter.x.process', evil),
  'a filter in capitals': ({ dir, evil }) => void git(dir, 'config', 'FILTER.x.CLEAN', evil),
  'a filter of a file that is included': async ({ dir, evil }) => {
    await writeFile(join(dir, '.git/more'), `[filter "x"]\n\tclean = ${evil}\n`)
    git(dir, 'config', 'include.path', 'more')
  },
  'a filter of config.worktree': ({ dir, evil }) => {
    git(dir, 'config', 'extensions.worktreeConfig', 'true')
    git(dir, 'config', '--worktree', 'filter.x.clean', evil)
  },
  'a filter whose name has an equals sign': async ({ dir, evil }) => {
    await writeFile(join(dir, '.git/info/attributes'), '*.txt filter=a=b\n')
    git(dir, 'config', 'filter.a=b.clean', evil)
  },
  'a filter whose name has dots and spaces': async ({ dir, evil }) => {
    await writeFile(join(dir, '.git/info/attributes'), '*.txt filter=a.b.clean\n')
    git(dir, 'config', 'filter.a.b.clean.clean', evil)
    git(dir, 'config', 'filter.a b.clean', evil)
  },
  'a filter of the user, defined anew': ({ dir, evil }) => {
    git(dir, 'config', '--global', 'filter.x.clean', 'cat')
    git(dir, 'config', 'filter.x.clean', evil)
  },
  'a textconv': ({ dir, evil }) => void git(dir, 'config', 'diff.x.textconv', evil),
  'an external diff': ({ dir, evil }) => {
    git(dir, 'config', 'diff.external', evil)
    git(dir, 'config', 'diff.x.command', evil)
  },
  'core.fsmonitor': ({ dir, evil }) => void git(dir, 'config', 'core.fsmonitor', evil),
  'a hook': async ({ dir, evil }) => {
    const hook = join(dir, '.git/hooks/post-index-change')
    await mkdir(join(dir, '.git/hooks'), { recursive: true })
    await writeFile(hook, await readFile(evil, 'utf8'))
    await chmod(hook, 0o755)
  },
  'gpg.program': ({ dir, evil }) => {
    git(dir, 'config', 'gpg.program', evil)
    git(dir, 'config', 'log.showSignature', 'true')
  },
  'a pager, aliases, ssh and credentials': ({ dir, evil }) => {
    for (const key of [
      'core.pager',
      'pager.status',
      'alias.status',
      'core.sshCommand',
      'credential.helper',
    ]) {
      git(dir, 'config', key, `!${evil}`)
    }
  },
}

test.each(Object.entries(ways))('%s of a repository does not run', async (_, prepare) => {
  const theirs = await repository(filtered)
  await prepare(theirs)
  await touch(join(theirs.dir, 'a.txt'))
  const { source } = await readGit(theirs.dir)
  expect(await ran(theirs.mark)).toBe(false)
  expect(source.version).toMatch(/^v1\.0\.0(-dirty)?$/)
})

test('what runs in plain git does run there', async () => {
  const theirs = await repository(filtered)
  git(theirs.dir, 'config', 'filter.x.clean', theirs.evil)
  await touch(join(theirs.dir, 'a.txt'))
  git(theirs.dir, 'status', '--porcelain')
  expect(await ran(theirs.mark)).toBe(true)
})

test('a partial clone fetches nothing, with programs of its own choice', async () => {
  const origin = await repository({ 'a.txt': 'a\nb\nc\nd\n' })
  git(origin.dir, 'config', 'uploadpack.allowFilter', 'true')
  const dir = join(await temporaryFolder(), 'clone')
  git(origin.dir, 'clone', '-q', '--filter=blob:none', '--no-checkout', `file://${origin.dir}`, dir)
  git(dir, 'config', 'remote.origin.uploadpack', origin.evil)
  // Whether it is a renamed one, only the content of a.txt would tell.
  await writeFile(join(dir, 'new.txt'), 'a\nb\nc\nd\ne\n')
  git(dir, 'add', 'new.txt')
  const { source } = await readGit(dir)
  expect(source.version).toBe('v1.0.0-dirty')
  expect(await ran(origin.mark)).toBe(false)
})

describe('a submodule', () => {
  const withSubmodule = async () => {
    const inner = await repository(filtered)
    const outer = await repository({ 'b.txt': 'b' })
    git(outer.dir, 'submodule', '-q', 'add', `file://${inner.dir}`, 'lib/sub')
    git(outer.dir, 'commit', '-qm', 'second')
    git(outer.dir, 'tag', '-f', 'v1.0.0')
    return { ...outer, sub: join(outer.dir, 'lib/sub') }
  }

  it('runs nothing of its settings either', async () => {
    const { dir, sub, evil, mark } = await withSubmodule()
    git(sub, 'config', 'filter.x.clean', evil)
    await touch(join(sub, 'a.txt'))
    await readGit(dir)
    expect(await ran(mark)).toBe(false)
  })

  it('makes the version dirty by a file and by another commit, and not as it was committed', async () => {
    const { dir, sub } = await withSubmodule()
    await mkdir(join(dir, 'deep'))
    expect((await readGit(dir)).source.version).toBe('v1.0.0')
    await writeFile(join(sub, 'a.txt'), 'changed')
    expect((await readGit(dir)).source.version).toBe('v1.0.0-dirty')
    expect((await readGit(join(dir, 'deep'))).source.version).toMatch(/^[0-9a-f]{7,}-dirty$/)
    git(sub, 'commit', '-qam', 'other')
    expect((await readGit(dir)).source.version).toBe('v1.0.0-dirty')
  })

  it('that is not checked out, and folders that are none, are left alone', async () => {
    const { dir, sub } = await withSubmodule()
    git(dir, 'submodule', '-q', 'deinit', '-f', 'lib/sub')
    expect((await readGit(dir)).source.version).toBe('v1.0.0')
    const listed = ['../..', '.', 'lib/sub', 'lib/sub/.', '/etc', 'nowhere']
    const text = listed.map((path, at) => `[submodule "s${at}"]\n\tpath = ${path}\n\turl = x\n`).join('')
    await writeFile(join(dir, '.gitmodules'), text)
    git(dir, 'commit', '-qam', 'third')
    expect((await readGit(dir)).source.version).toMatch(/^v1\.0\.0-1-g/)
    expect(await stat(sub)).toBeTruthy()
  })
})

describe('filters of the user', () => {
  const upper = { 'filter.x.clean': 'tr a-z A-Z', 'filter.x.required': 'true' }
  const define = (dir: string, ...where: string[]) => {
    for (const [key, value] of Object.entries(upper)) git(dir, 'config', ...where, key, value)
  }
  const storedInCapitals = async () => {
    const theirs = await repository({ 'b.md': 'b' })
    for (const [path, text] of Object.entries(filtered)) await writeFile(join(theirs.dir, path), text)
    return theirs
  }
  const commitAll = (dir: string) => {
    git(dir, 'add', '-A')
    git(dir, 'commit', '-qm', 'second')
    git(dir, 'tag', '-f', 'v1.0.0')
  }

  it('run as ever, such as those of Git LFS', async () => {
    const { dir } = await storedInCapitals()
    define(dir, '--global')
    commitAll(dir)
    await touch(join(dir, 'a.txt'))
    expect(await readGit(dir)).toMatchObject({ source: { version: 'v1.0.0' }, remarks: [] })
  })

  it('run also where the repository defines them anew', async () => {
    const { dir, evil, mark } = await storedInCapitals()
    define(dir, '--global')
    commitAll(dir)
    git(dir, 'config', 'filter.x.clean', evil)
    git(dir, 'config', 'filter.x.process', evil)
    await touch(join(dir, 'a.txt'))
    await readGit(dir)
    expect(await ran(mark)).toBe(false)
  })

  it('that only .git/config defines are named where the version is dirty for that', async () => {
    const { dir } = await storedInCapitals()
    define(dir)
    // One that is younger than the index is compared in any case.
    await utimes(join(dir, 'a.txt'), 1_600_000_000, 1_600_000_000)
    commitAll(dir)
    expect(await readGit(dir)).toMatchObject({ source: { version: 'v1.0.0' }, remarks: [] })
    await touch(join(dir, 'a.txt'))
    expect(await readGit(dir)).toMatchObject({
      source: { version: 'v1.0.0-dirty' },
      remarks: [expect.stringMatching(/-dirty.*\(x\).*gitconfig/)],
    })
  })
})
