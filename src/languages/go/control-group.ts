import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Where the two versions of control groups say the limit of a group, and under which name /proc lists the group. */
const versions = [
  // https://docs.kernel.org/admin-guide/cgroup-v2.html, "memory.max"
  { mount: 'sys/fs/cgroup', file: 'memory.max', group: /^0::(\/.*)$/m },
  // https://docs.kernel.org/admin-guide/cgroup-v1/memory.html; memory.max of version 1 is limit_in_bytes
  {
    mount: 'sys/fs/cgroup/memory',
    file: 'memory.limit_in_bytes',
    group: /^\d+:(?:[^:\n]*,)?memory(?:,[^:\n]*)?:(\/.*)$/m,
  },
] as const

/**
 * The smallest memory limit of this process's control group and of those above it, in bytes; undefined where none has one.
 * Node.js itself looks at the group alone, and a container or a systemd slice often has its limit further up.
 * @param root of the file system
 */
export function controlGroupLimit(root = '/'): number | undefined {
  const groups = read(join(root, 'proc/self/cgroup')) ?? ''
  let smallest: number | undefined
  for (const { mount, file, group } of versions) {
    const [, path] = group.exec(groups) ?? []
    if (path === undefined) continue
    for (let folder = path; ; folder = dirname(folder)) {
      const text = read(join(root, mount, folder, file))?.trim()
      const limit = text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
      if (limit !== undefined && limit > 0 && (smallest === undefined || limit < smallest)) smallest = limit
      if (folder === '/') break
    }
  }
  return smallest
}

/** A file of the kernel, which is in memory: reading it waits for nothing. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
