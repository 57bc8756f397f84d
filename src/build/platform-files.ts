import { open } from 'node:fs/promises'
import { readElfFile } from '../binary/elf.ts'
import { checkBinary } from '../binary/verify.ts'
import { Failure } from '../errors.ts'
import { initTarget } from '../image/init.ts'
import type { ImageSpec } from '../types.ts'

/**
 * Checks the files that each platform has of its own: a program among them is one for that platform, and an init is a
 * static program.
 * @throws {Failure} verification
 */
export async function checkPlatformFiles({ files, platforms }: ImageSpec): Promise<void> {
  for (const { target, source } of files) {
    if (!('paths' in source)) continue
    for (const platform of platforms) {
      const path = source.paths[platform.id] ?? ''
      const isInit = target === initTarget
      if (!isInit && !(await isElf(path))) continue
      const elf = readElfFile(path)
      checkBinary(elf, platform, path)
      if (isInit && elf.linkage === 'dynamic') throw notStatic(path, elf.interpreter ?? elf.needed.join(', '))
    }
  }
}

async function isElf(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.toString('latin1') === '\x7fELF'
  } finally {
    await file.close()
  }
}

function notStatic(path: string, needs: string): Failure {
  return new Failure({
    kind: 'verification',
    what: 'The init of the image is not static',
    where: path,
    why: `it needs ${needs}, which the base need not have`,
    fix: 'take tini-static of https://github.com/krallin/tini/releases, or catatonit',
  })
}
