import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { controlGroupLimit } from '../../../../src/languages/go/control-group.ts'
import { temporaryFolder } from '../../../support/projects.ts'

const version2 = { 'proc/self/cgroup': '0::/a.slice/b.scope\n' }
const version1 = { 'proc/self/cgroup': '5:cpu,cpuacct:/\n4:memory:/docker/1f\n0::/\n' }

test.each<[string, Record<string, string>, number | undefined]>([
  ['no control groups', {}, undefined],
  ['no limit', { ...version2, 'sys/fs/cgroup/a.slice/b.scope/memory.max': 'max\n' }, undefined],
  ['its own', { ...version2, 'sys/fs/cgroup/a.slice/b.scope/memory.max': '2000\n' }, 2000],
  [
    'that of the group above, which is smaller',
    {
      ...version2,
      'sys/fs/cgroup/a.slice/b.scope/memory.max': '2000\n',
      'sys/fs/cgroup/a.slice/memory.max': '1000\n',
    },
    1000,
  ],
  ['the container’s own root', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': '3000\n' }, 3000],
  [
    'of version 1, above',
    {
      ...version1,
      'sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes': '9223372036854771712\n',
      'sys/fs/cgroup/memory/docker/memory.limit_in_bytes': '4000\n',
    },
    4000,
  ],
  ['what is no number', { ...version2, 'sys/fs/cgroup/memory.max': '-1 bytes\n' }, undefined],
])('the memory limit is %s', async (_, files, expected) => {
  const root = await temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  expect(controlGroupLimit(root)).toBe(expected)
})
