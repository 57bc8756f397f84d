import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { type Fault, type FaultRegistry, startFaultRegistry } from '../support/fault-registry.ts'
import { helloGo, project } from '../support/projects.ts'

let registry: FaultRegistry
let dir: string
const push = (...args: string[]) => xbuild(['push', ...args], { cwd: dir })
const stored = (name: string, tag: string) => registry.manifest(name, tag)?.bytes

beforeAll(async () => {
  registry = await startFaultRegistry({ mounts: true })
  dir = await project(helloGo)
  const { code, stderr } = await xbuild(
    ['--backend=oci', '--base=builtin', '--progress=quiet', '-o', 'image.tar', '-o', 'layout'],
    { cwd: dir },
  )
  expect(code, stderr).toBe(0)
}, 60_000)
afterAll(() => registry.close())

describe('xbuild push', () => {
  it('pushes the bytes of an archive and of a layout under every tag', async () => {
    const layout = JSON.parse(await readFile(join(dir, 'layout/index.json'), 'utf8'))
    const { digest } = layout.manifests[0]
    const bytes = await readFile(join(dir, 'layout/blobs', digest.replace(':', '/')))
    for (const [image, name] of [
      ['image.tar', 'archive'],
      ['layout', 'layout'],
    ] as const) {
      const tags = `${registry.host}/${name}/app:1\n${registry.host}/${name}/app:latest`
      const { code, stdout, stderr } = await push(image, '--tag', tags, '--platform=linux/arm64,linux/amd64')
      expect(code, stderr).toBe(0)
      expect(stdout).toBe(`${registry.host}/${name}/app@${digest}\n`)
      expect(stored(`${name}/app`, '1')).toEqual(bytes)
      expect(stored(`${name}/app`, 'latest')).toEqual(bytes)
    }
  })

  it('takes an image over from another repository', async () => {
    const first = await push('image.tar', `--tag=${registry.host}/staging/app:1`)
    expect(first.code, first.stderr).toBe(0)
    const { code, stdout, stderr } = await push(
      `${registry.host}/staging/app:1`,
      `--tag=${registry.host}/production/app:1`,
      '--json',
    )
    expect(code, stderr).toBe(0)
    expect(stored('production/app', '1')).toEqual(stored('staging/app', '1'))
    expect(JSON.parse(stdout).images[0].platforms).toHaveLength(2)
    const uploads = registry.requests.filter(({ path }) =>
      path.includes('production/app/blobs/uploads/upload-'),
    )
    expect(uploads).toEqual([])
  })

  it.each<[string, (host: string) => string[], number, string]>([
    ['without a tag', () => ['image.tar'], 2, 'needs a tag'],
    ['what is not there', host => ['none.tar', `--tag=${host}/app:1`], 2, 'there is no such file'],
    [
      'without a platform',
      host => ['image.tar', `--tag=${host}/app:1`, '--platform=linux/386'],
      6,
      'linux/386 is missing',
    ],
  ])('refuses to push %s', async (_, args, expected, text) => {
    const { code, stderr } = await push(...args(registry.host))
    expect(stderr).toContain(text)
    expect(code).toBe(expected)
    expect(stored('app', '1')).toBeUndefined()
  })

  it.each<[string, Fault, number]>([
    ['refuses a part', { method: 'PUT', path: /\/bad\/blobs\/uploads/, times: 99, status: 400 }, 8],
    [
      'gives other bytes back',
      { method: 'GET', path: /\/bad\/blobs\//, times: 99, change: body => Buffer.from(body).reverse() },
      6,
    ],
  ])('moves no tag where the registry %s', async (_, fault, expected) => {
    const other = await startFaultRegistry({ faults: [fault] })
    try {
      const { code, stderr } = await push('image.tar', `--tag=${other.host}/bad:1`)
      expect(code, stderr).toBe(expected)
      expect(other.manifest('bad', '1')).toBeUndefined()
    } finally {
      await other.close()
    }
  })
})
