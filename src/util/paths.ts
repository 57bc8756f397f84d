import { isAbsolute, relative } from 'node:path'

/** A path as a person would type it here: relative where it lies in the current folder, else as it is. */
export function shortPath(path: string): string {
  if (!isAbsolute(path)) return path
  const short = relative(process.cwd(), path)
  return short === '' ? '.' : short.startsWith('..') ? path : short
}
