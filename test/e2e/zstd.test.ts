import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bundleDriver, runDriver } from '../support/driver-bundle.ts'
import { temporaryFolder } from '../support/projects.ts'

/** A Node.js that has zstd: this one, or the npm package `node`, which holds the program itself. */
async function nodeWithZstd(): Promise<string | undefined> {
  const has = 'process.exit(require("zlib").createZstdCompress ? 0 : 1)'
  const works = (node: string) => {
    try {
      execFileSync(node, ['-e', has], { stdio: 'pipe' })
      return true
    } catch {
      return false
    }
  }
  if (works(process.execPath)) return process.execPath
  const prefix = await temporaryFolder()
  const install = ['install', '--prefix', prefix, '--no-audit', '--no-fund', 'node@22']
  try {
    execFileSync('npm', install, { stdio: 'pipe', timeout: 300_000 })
  } catch {
    return undefined
  }
  const node = join(prefix, 'node_modules/node/bin/node')
  return existsSync(node) && works(node) ? node : undefined
}

it('layers are compressed with zstd on a Node.js that has it, the same bytes twice', async context => {
  const node = await nodeWithZstd()
  if (!node) {
    const reason = 'no Node.js with zstd here, and none from the package registry'
    if (process.env['XBUILD_REQUIRE_ALL'] === '1') throw new Error(reason)
    return context.skip(reason)
  }
  const root = await temporaryFolder()
  const [driver, binary, tar] = ['driver.mjs', 'binary', 'layer.tar'].map(name => join(root, name)) as [
    string,
    string,
    string,
  ]
  await bundleDriver(driver)
  writeFileSync(binary, Buffer.alloc(3_000_000, 'a binary '))
  const build = async (name: string) => {
    const path = join(root, name)
    const answer = await runDriver(
      driver,
      {
        platforms: 'linux/amd64,linux/arm64',
        binary,
        outputs: [{ type: 'layout', path }],
        cacheFolder: join(root, `${name}-cache`),
        compression: 'zstd',
      },
      node,
    )
    return { path, answer }
  }
  const [first, second] = [await build('first'), await build('second')]
  expect(first.answer).toMatchObject({ indexDigest: expect.any(String) })
  expect(second.answer?.indexDigest).toBe(first.answer?.indexDigest)

  const blob = (digest: string) => readFileSync(join(first.path, 'blobs', digest.replace(':', '/')))
  const json = (digest: string) => JSON.parse(blob(digest).toString())
  const whole = json(first.answer?.indexDigest ?? '')
  const { config, layers } = whole.manifests ? json(whole.manifests[0].digest) : whole
  expect(layers.map(({ mediaType }: { mediaType: string }) => mediaType)).toEqual(
    Array(2).fill('application/vnd.oci.image.layer.v1.tar+zstd'),
  )
  const diffIds = layers.map(({ digest }: { digest: string }) => {
    const code = 'process.stdout.write(require("zlib").zstdDecompressSync(require("fs").readFileSync(0)))'
    writeFileSync(tar, execFileSync(node, ['-e', code], { input: blob(digest), maxBuffer: 1 << 28 }))
    return `sha256:${createHash('sha256').update(readFileSync(tar)).digest('hex')}`
  })
  expect(json(config.digest).rootfs.diff_ids).toEqual(diffIds)
}, 600_000)

it('a Node.js without zstd says which one has it', async context => {
  if ('createZstdCompress' in (await import('node:zlib'))) return context.skip('this Node.js has zstd')
  const root = await temporaryFolder()
  const driver = join(root, 'driver.mjs')
  await bundleDriver(driver)
  const answer = await runDriver(driver, {
    platforms: 'linux/amd64',
    binary: driver,
    outputs: [],
    cacheFolder: join(root, 'cache'),
    compression: 'zstd',
  })
  expect(answer?.failure).toMatchObject({ kind: 'usage', why: expect.stringContaining('22.15') })
})
