import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A handler of the kernel for foreign programs (Documentation/admin-guide/binfmt-misc.rst). */
export interface Handler {
  /** Of its entry, such as qemu-aarch64. */
  readonly name: string
  readonly enabled: boolean
  readonly interpreter: string
  /** Such as "OCF"; with F the kernel holds the interpreter open, so that it serves containers too. */
  readonly flags: string
  readonly offset: number
  readonly magic: Uint8Array
  readonly mask: Uint8Array
}

/** The handlers in the kernel's folder; undefined where it is not mounted, and none of them where they are switched off. */
export async function readHandlers(folder: string): Promise<Handler[] | undefined> {
  const names = await readdir(folder).catch((): string[] => [])
  if (!names.includes('status')) return undefined
  const status = await readEntry(join(folder, 'status'))
  if (!status.startsWith('enabled')) return []
  const entries = names.filter(name => name !== 'status' && name !== 'register').sort()
  return Promise.all(entries.map(async name => parseHandler(name, await readEntry(join(folder, name)))))
}

const readEntry = (path: string) => readFile(path, 'utf8').catch(() => '')

function parseHandler(name: string, text: string): Handler {
  const value = (key: string) => new RegExp(`^${key}:?[ \\t]+(.*)$`, 'm').exec(text)?.[1]?.trim() ?? ''
  const magic = Buffer.from(value('magic'), 'hex')
  const mask = value('mask')
  return {
    name,
    enabled: text.startsWith('enabled'),
    interpreter: value('interpreter'),
    flags: value('flags'),
    offset: Number(value('offset')) || 0,
    magic,
    mask: mask ? Buffer.from(mask, 'hex') : new Uint8Array(magic.length).fill(0xff),
  }
}

/** The handler that the kernel gives a program to. */
export function handlerOf(program: Uint8Array, handlers: readonly Handler[]): Handler | undefined {
  return handlers.find(
    ({ enabled, offset, magic, mask }) =>
      enabled &&
      magic.length > 0 &&
      magic.every((byte, at) => {
        const bits = mask[at] ?? 0xff
        return ((program[offset + at] ?? 0) & bits) === (byte & bits)
      }),
  )
}

/** What `tonistiigi/binfmt` prints at its end: it exits with 0 although it installed nothing. */
export function binfmtFault(stdout: string, platforms: readonly string[]): string | undefined {
  const [, json] = /(\{[^{}]*"supported"[^{}]*\})\s*$/.exec(stdout) ?? []
  let supported: unknown
  try {
    supported = Object(JSON.parse(json ?? '')).supported
  } catch {
    return 'its answer is not the JSON of tonistiigi/binfmt'
  }
  const has = Array.isArray(supported) ? supported.map(String) : []
  const missing = platforms.filter(id => !has.some(one => one === id || one.startsWith(`${id}/`)))
  return missing.length > 0
    ? `it supports ${has.join(', ') || 'nothing'}, and no ${missing.join(', ')}`
    : undefined
}
