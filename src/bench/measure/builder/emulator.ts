import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isFailure } from '../../../errors.ts'
import type { Platform } from '../../../platforms.ts'
import { run } from '../../../process.ts'
import type { Builder } from '../job.ts'
import type { Emulator } from '../measurement.ts'

/** Where the kernel lists the programs that it starts for foreign binaries (Documentation/admin-guide/binfmt-misc.rst). */
const binfmtFolder = '/proc/sys/fs/binfmt_misc'

/**
 * The emulator that a RUN for a foreign platform goes through: the kernel's entry for its binaries, which BuildKit
 * leaves to the kernel where there is one, else the one that BuildKit brings along (moby/buildkit
 * solver/llbsolver/ops/exec_binfmt.go). Only on this machine can that be told.
 */
export async function findEmulator(
  platform: Platform,
  builder: Builder,
  signal: AbortSignal,
  folder: string = binfmtFolder,
): Promise<Emulator> {
  if (!builder.local) return { kind: 'unknown' }
  const entries = await readdir(folder).catch((): string[] => [])
  for (const name of entries) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => '')
    const program = matchEntry(text, platform)
    if (program !== undefined) {
      // Where it lies is this machine's own business; the record may be published.
      return { kind: 'kernel', program: basename(program), ...(await askVersion(program, signal)) }
    }
  }
  const program = `buildkit-qemu-${platform.qemu}`
  return { kind: 'buildkit', program, ...(await askVersion(program, signal)) }
}

/** The interpreter of a binfmt_misc entry that is enabled and takes the ELF files of a platform; else undefined. */
export function matchEntry(text: string, { elf }: Platform): string | undefined {
  const key = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]
  if (!/^enabled$/m.test(text) || (key('offset') ?? '0') !== '0') return undefined
  const magic = Buffer.from(key('magic') ?? '', 'hex')
  if (magic.length < 20 || magic.toString('latin1', 0, 4) !== '\x7fELF') return undefined
  const little = magic[5] === 1
  const machine = little ? magic.readUInt16LE(18) : magic.readUInt16BE(18)
  const matches =
    machine === elf.machine && magic[4] === (elf.class === 64 ? 2 : 1) && little === (elf.endian === 'little')
  return matches ? key('interpreter') : undefined
}

/** An entry with the flag F holds its program open: the file itself may be gone, and its version with it. */
async function askVersion(program: string, signal: AbortSignal): Promise<{ version?: string }> {
  const command = { tool: program, args: ['--version'], cwd: '/' }
  const result = await run(command, { signal, timeout: 10 }).catch(error => {
    if (isFailure(error, 'tool')) return undefined
    throw error
  })
  const [, version] = /version (\d\S*)/.exec(result?.stdout ?? '') ?? []
  return version === undefined ? {} : { version }
}
