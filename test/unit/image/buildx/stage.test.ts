import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { isFailure } from '../../../../src/errors.ts'
import { stageContext, stagedFiles } from '../../../../src/image/buildx/stage.ts'
import { sharedFolders } from '../../../../src/image/owned-folders.ts'
import { checkDestination, checkImagePath, checkWorkdir } from '../../../../src/image/paths.ts'
import { parsePlatform } from '../../../../src/platforms.ts'
import type { BaseFamily, ImageFile, ImageSpec } from '../../../../src/types.ts'

const file = (target: string, path?: string): ImageFile => ({
  target,
  source: path === undefined ? { artifact: 'app' } : { path },
  mode: path === undefined ? 0o755 : 0o640,
})

function spec(files: readonly ImageFile[], workdir?: string, family: BaseFamily = 'static'): ImageSpec {
  return {
    name: 'app',
    platforms: ['linux/amd64', 'linux/arm/v7'].map(parsePlatform),
    base: { reference: 'b', family, predicted: false, reason: '' },
    config: {
      entrypoint: [],
      cmd: [],
      env: {},
      ports: [],
      labels: {},
      ...(workdir !== undefined && { workdir }),
    },
    files,
    annotations: [],
    epoch: 1_700_000_000,
    tags: [],
  }
}

async function project(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stage-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'project'))
  await writeFile(join(folder, 'project/app'), 'binary', { mode: 0o600 })
  await writeFile(join(folder, 'secret'), 'secret')
  return folder
}

const failureOf = async (run: () => unknown) => {
  try {
    await run()
  } catch (error) {
    if (isFailure(error)) return `${error.kind}: ${error.what} | ${error.where} | ${error.why} | ${error.fix}`
    throw error
  }
  throw new Error('did not fail')
}

/** The entries of a tar file as GNU tar lists them, without sizes. */
function contentOf(path: string): string[] {
  const listed = execFileSync('tar', ['-tvf', path], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
  return listed
    .trim()
    .split('\n')
    .map(line => line.replace(/^(\S+) +(\S+) +\d+ +/, '$1 $2 '))
}

/** Every path below a folder with its type, mode and time. */
async function tree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const lines = entries.map(async entry => {
    const path = join(entry.parentPath, entry.name)
    const { mode, mtimeMs } = await stat(path)
    const name = path.slice(folder.length + 1) + (entry.isDirectory() ? '/' : '')
    return `${name} ${(mode & 0o7777).toString(8)} ${Math.floor(mtimeMs / 1000)}`
  })
  return (await Promise.all(lines)).sort()
}

describe('stageContext', () => {
  it('returns another word for other content, names, modes or folders, and the same for the same', async () => {
    const folder = await project()
    const path = join(folder, 'project/app')
    const words: string[] = []
    const stage = async (image: ImageSpec) =>
      words.push(
        await stageContext(image, {
          dir: join(folder, `context-${words.length}`),
          root: join(folder, 'project'),
          file: () => ({ path }),
        }),
      )
    await stage(spec([file('/app')]))
    await stage(spec([file('/app')]))
    expect(words[1]).toBe(words[0])
    await stage(spec([file('/bpp')]))
    await stage(spec([file('/app', path)]))
    await stage(spec([file('/app')], '/srv'))
    await writeFile(path, 'yranib')
    await stage(spec([file('/app')]))
    expect(new Set(words).size).toBe(5)
    for (const word of words) expect(word).toMatch(/^[0-9a-f]{16}$/)
  })

  it('fixes modes and times whatever the umask, and leaves the sources as they are', async () => {
    const folder = await project()
    const before = await stat(join(folder, 'project/app'))
    const image = spec(
      [file('/app'), file('/usr/local/bin/x'), file('/tmp/y', join(folder, 'project/app'))],
      '/srv/data',
    )
    const umask = process.umask(0o077)
    try {
      await stageContext(image, {
        dir: join(folder, 'context'),
        root: join(folder, 'project'),
        file: () => ({ path: join(folder, 'project/app') }),
      })
    } finally {
      process.umask(umask)
    }
    const arm = (await tree(join(folder, 'context'))).filter(line => line.startsWith('linux/arm/v7/'))
    expect(arm.filter(line => !line.startsWith('linux/arm/v7/ '))).toEqual([
      'linux/arm/v7/rootfs/ 755 0',
      'linux/arm/v7/rootfs/app 755 0',
      'linux/arm/v7/rootfs/usr/ 755 0',
      'linux/arm/v7/rootfs/usr/local/ 755 0',
      'linux/arm/v7/rootfs/usr/local/bin/ 755 0',
      'linux/arm/v7/rootfs/usr/local/bin/x 755 0',
    ])
    expect(contentOf(join(folder, 'context/files.tar'))).toEqual([
      'drwxr-xr-x 0/0 1970-01-01 00:00 srv/',
      'drwxr-xr-x 0/0 1970-01-01 00:00 srv/data/',
      'drwxrwxrwt 0/0 1970-01-01 00:00 tmp/',
      '-rw-r----- 0/0 1970-01-01 00:00 tmp/y',
    ])
    expect(await readdir(join(folder, 'context/linux'))).toEqual(['amd64', 'arm'])
    const after = await stat(join(folder, 'project/app'))
    expect([after.mode, after.mtimeMs, after.ino]).toEqual([before.mode, before.mtimeMs, before.ino])
    expect(await readFile(join(folder, 'context/linux/amd64/rootfs/app'), 'utf8')).toBe('binary')
  })

  it.each([
    ['link', /it is a link to .*\/secret, outside the project/],
    ['folder/secret', /it is a link to .*\/secret, outside the project/],
    ['missing', /there is no such file/],
    ['dangling', /there is no such file/],
    ['.', /no regular file/],
    ['loop', /ELOOP/],
  ])('refuses %s', async (name, message) => {
    const folder = await project()
    const root = join(folder, 'project')
    await symlink('../secret', join(root, 'link'))
    await symlink('..', join(root, 'folder'))
    await symlink('nowhere', join(root, 'dangling'))
    await symlink('loop', join(root, 'loop'))
    const path = join(root, name)
    const stage = () =>
      stageContext(spec([file('/x', path)]), { dir: join(folder, 'c'), root, file: () => ({ path }) })
    expect(await failureOf(stage)).toMatch(message)
    expect(await failureOf(stage)).toMatch(/^usage: .*\[image\] files/)
  })

  it('follows a link inside the project, takes a file named from outside, and names that begin with dots', async () => {
    const folder = await project()
    const root = join(folder, 'project')
    await symlink('app', join(root, '..link'))
    for (const [index, path] of [join(root, '..link'), join(folder, 'secret')].entries()) {
      const dir = join(folder, `c${index}`)
      await stageContext(spec([file('/x', path)]), { dir, root, file: () => ({ path }) })
      expect(execFileSync('tar', ['-xOf', join(dir, 'files.tar'), 'x'], { encoding: 'utf8' })).toBe(
        index === 0 ? 'binary' : 'secret',
      )
    }
  })

  it('says where it cannot write', async () => {
    const folder = await project()
    await writeFile(join(folder, 'taken'), '')
    await chmod(join(folder, 'taken'), 0o444)
    const stage = () =>
      stageContext(spec([file('/x')]), {
        dir: join(folder, 'taken'),
        root: folder,
        file: () => ({ path: join(folder, 'secret') }),
      })
    expect(await failureOf(stage)).toMatch(
      /^image: The build context cannot be written \| .*taken \| E.* \| .*TMPDIR/,
    )
  })
})

describe('stagedFiles', () => {
  it('lists what all platforms share, and a tree for each under the name of TARGETPLATFORM', () => {
    expect(stagedFiles(spec([file('/app'), file('/etc/x', 'x')])).map(({ path }) => path)).toEqual([
      'files.tar/etc/x',
      'linux/amd64/rootfs/app',
      'linux/arm/v7/rootfs/app',
    ])
  })

  it.each([
    [['/a', '/a'], /two files have this path/],
    [['/a/b', '/a'], /\/a is a file of the image too/],
    [['/a', '/a/b/c'], /\/a is a file of the image too/],
    [['/bin/x'], /\/bin is a link to \/usr\/bin .* \/usr\/bin\/x$/],
    [['/lib'], /\/lib is a link/],
  ])('refuses %j', async (targets, message) => {
    expect(await failureOf(() => stagedFiles(spec(targets.map(target => file(target)))))).toMatch(message)
  })

  it('takes /bin where the base has no links', () => {
    expect(stagedFiles(spec([file('/bin/x')], undefined, 'scratch'))).toHaveLength(2)
    expect(stagedFiles(spec([file('/binary')]))).toHaveLength(2)
  })
})

describe('checkImagePath', () => {
  it.each([
    ['app', /not absolute.*\/app$/],
    ['', /not absolute/],
    ['/', /root folder/],
    ['/a/', /empty part/],
    ['//a', /empty part.*such as \/a$/],
    ['/a/../b', /"\.\."/],
    ['/..', /"\.\."/],
    ['../../etc/passwd', /not absolute.*such as \/etc\/passwd$/],
    ['/a\0b', /control character.*\/ab$/],
    ['/a\nb', /control character/],
    ['/a/.wh.b', /deletes files.*\/a\/b$/],
    ['/.wh..wh..opq', /deletes files/],
    [`/${'a'.repeat(256)}`, /255 bytes/],
    [`/${'ä'.repeat(128)}`, /255 bytes/],
    [`/${'abc/'.repeat(1000)}x`, /4000 bytes/],
  ])('refuses %j', async (path, message) => {
    expect(await failureOf(() => checkImagePath(path))).toMatch(message)
  })

  it.each(['/app', '/usr/local/bin/a b', '/.dot', '/a/...', '/ä', '/a\\b', '/$(id)'])('takes %j', path => {
    expect(() => checkImagePath(path)).not.toThrow()
  })
})

describe('sharedFolders', () => {
  it.each([
    ['/srv/data', ['/etc', '/srv', '/srv/data']],
    ['/home/nonroot', ['/etc']],
    ['/tmp', ['/etc']],
    ['/', ['/etc']],
    ['/etc', ['/etc']],
    [undefined, ['/etc']],
  ])('with working directory %s', (workdir, folders) => {
    const files = [file('/etc/x', 'x')]
    expect(sharedFolders(spec(files, workdir), files)).toEqual(folders)
  })
})

describe('checkWorkdir', () => {
  it.each([
    ['/', '/'],
    ['//', '/'],
    ['/app', '/app'],
    ['/app/', '/app'],
    ['/srv/ä ö', '/srv/ä ö'],
  ])('takes %s', (given, workdir) => {
    expect(checkWorkdir(given)).toBe(workdir)
  })

  it.each(['/../../x', '/a/./b', '/.wh.app', '/a\0b', '/a\nb', '/a\\b', '/a//b', `/${'x'.repeat(256)}`])(
    'refuses %j',
    async workdir => {
      expect(await failureOf(() => checkWorkdir(workdir))).toMatch(/usage: .* \[image\] workdir/)
    },
  )
})

describe('checkDestination', () => {
  it.each(['/', '/etc/app', '/etc/app/'])('takes %s', to => {
    expect(() => checkDestination(to, 0)).not.toThrow()
  })

  it.each(['', 'etc/app', '/etc//app/', '/etc/../app/', '/etc/.wh.app/', '/a\\b/', '/a\0/'])(
    'refuses %j',
    async to => {
      expect(await failureOf(() => checkDestination(to, 0))).toMatch(/usage: .* \[image\] files/)
    },
  )
})

it('a folder that is copied is in no file’s way', async () => {
  const image = {
    ...spec([file('/app'), file('/srv/x', 'x')]),
    folders: [{ path: '/srv' }, { path: '/srv/empty' }],
  }
  expect(sharedFolders(image, [])).toEqual(['/srv', '/srv/empty'])
  expect(() => stagedFiles(image)).not.toThrow()
  for (const path of ['/app', '/app/below'])
    expect(await failureOf(() => stagedFiles({ ...image, folders: [{ path }] }))).toContain(
      'in the way of each other',
    )
})
