import { bounds } from '../read/bounds.ts'
import type { CapturedFile, LayerScan, ScannedEntry } from './layer-scan.ts'

/** The file system that a container of an image sees. Layers are looked into from the last one down, when needed. */
export interface Rootfs {
  /**
   * The file or folder at a path, symbolic links followed inside the image; undefined where there is none, or links go
   * in a circle.
   */
  resolve(path: string): Promise<Found | undefined>
  /** The content of a regular file that was found. */
  read(found: Found): Promise<CapturedFile>
}

export interface Found {
  /** With leading slash, without links. */
  readonly path: string
  readonly entry: ScannedEntry
  /** The number of its layer, from 0. */
  readonly layer: number
}

/** As many links as Linux follows. */
const maximumLinks = 40

/**
 * @param count how many layers there are
 * @param scan looks into one; called again for the same layer, it answers from memory
 * @param extract takes a file out of a layer that was looked into without wanting it
 */
export function createRootfs(
  count: number,
  scan: (layer: number) => Promise<LayerScan>,
  extract: (layer: number, path: string) => Promise<CapturedFile>,
): Rootfs {
  /** The entry that shows at a path without links, in layers up to `top`. */
  const find = async (path: string, top = count - 1): Promise<Found | undefined> => {
    const parents = parentsOf(path)
    for (let layer = top; layer >= 0; layer--) {
      const { entries, whiteouts, opaque } = await scan(layer)
      const entry = entries.get(path)
      if (entry) return { path: `/${path}`, entry, layer }
      if (whiteouts.has(path)) return undefined
      for (const parent of parents) {
        const hidden = entries.get(parent)
        if (whiteouts.has(parent) || opaque.has(parent)) return undefined
        if (hidden && hidden.type !== 'directory') return undefined
      }
    }
    return undefined
  }

  const resolve: Rootfs['resolve'] = async path => {
    const rest = partsOf(path)
    const done: string[] = []
    let found: Found | undefined
    for (let links = 0; rest.length > 0; ) {
      const part = rest.shift() as string
      if (part === '..') {
        done.pop()
        continue
      }
      found = await find([...done, part].join('/'))
      if (!found) return undefined
      if (found.entry.type !== 'symlink') {
        done.push(part)
        continue
      }
      if (++links > maximumLinks) return undefined
      if (found.entry.link.startsWith('/')) done.length = 0
      rest.unshift(...partsOf(found.entry.link))
      if (rest.length > bounds.depth) return undefined
    }
    // The path may have ended in "..".
    const last = done.join('/')
    return found && found.path === `/${last}` ? found : find(last)
  }

  return {
    resolve,
    async read(found) {
      let file = found
      for (let links = 0; file.entry.type === 'hardlink' && links < maximumLinks; links++) {
        const target = await find(partsOf(file.entry.link).join('/'), file.layer)
        if (!target) break
        file = target
      }
      return file.entry.captured ?? extract(file.layer, file.path.slice(1))
    },
  }
}

function partsOf(path: string): string[] {
  return path.split('/').filter(part => part !== '' && part !== '.')
}

function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return ['', ...parts.slice(0, -1).map((_, at) => parts.slice(0, at + 1).join('/'))]
}
