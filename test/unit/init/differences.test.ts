import { expect, test } from 'vitest'
import { missingSettings } from '../../../src/init/differences.ts'
import type { Setting } from '../../../src/init/settings.ts'

const from = 'Dockerfile:1'
const wanted: Setting[] = [
  { table: 'image', key: 'ports', value: [8080, '53/udp'], from },
  { table: 'image', key: 'env', value: { A: '1', B: '2' }, from },
  { table: 'image', key: 'user', value: '1000', from },
  { table: 'rust', key: 'libc', value: 'gnu', from },
  { table: '', key: 'platforms', value: ['linux/amd64'], from },
]
const names = async (text: string) =>
  (await missingSettings(wanted, text)).map(({ key, value }) => [key, value])

test('what an xbuild.toml lacks is what nobody wrote into it', async () => {
  expect(await names('')).toEqual(wanted.map(({ key, value }) => [key, value]))
  const some = '[image]\nports = [8080]\nuser = "0"\n[image.env]\nA = "other"\n'
  expect(await names(some)).toEqual([
    ['ports', ['53/udp']],
    ['env', { B: '2' }],
    ['libc', 'gnu'],
    ['platforms', ['linux/amd64']],
  ])
})

test('one image’s own table counts', async () => {
  const text =
    'platforms = ["linux/amd64"]\n[rust]\nlibc = "musl"\n[images.a]\nports = [8080, "53/udp"]\nuser = "1"\nenv = { A = "", B = "" }'
  expect(await names(text)).toEqual([])
})
