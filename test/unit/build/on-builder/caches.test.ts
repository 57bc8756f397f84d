import { expect, test } from 'vitest'
import { compileCaches } from '../../../../src/build/on-builder/caches.ts'
import { parsePlatform } from '../../../../src/platforms.ts'

const arm64 = parsePlatform('linux/arm64')
const image = { name: 'app', tags: ['example.com/team/app:1'], destinations: [] }
const caches = (...values: string[]) => compileCaches(image, arm64, { cacheFrom: values, cacheTo: values }).to

test.each([
  [
    'type=registry,ref=example.com/app:cache,mode=max',
    'type=registry,ref=example.com/app:cache-compile-linux_arm64,mode=max',
  ],
  ['type=registry,ref=localhost:5000/app', 'type=registry,ref=localhost:5000/app:compile-linux_arm64'],
  ['example.com/app:cache', 'example.com/app:cache-compile-linux_arm64'],
  ['type=gha,mode=max', 'type=gha,mode=max,scope=buildkit-compile-linux_arm64'],
  ['type=gha,scope=web', 'type=gha,scope=web-compile-linux_arm64'],
  ['type=local,dest=/c', 'type=local,dest=/c/compile-linux_arm64'],
  ['type=local,src=/c', 'type=local,src=/c/compile-linux_arm64'],
  ['type=s3,region=a,bucket=b', 'type=s3,region=a,bucket=b,name=buildkit-compile-linux_arm64'],
])('%s is %s for a compile, so that no other build overwrites it', (given, own) =>
  expect(caches(given)).toEqual([own]),
)

test('a cache inside of the image is none of a compile', () => expect(caches('type=inline')).toEqual([]))

test('--cache registry has a tag for each platform of a compile', () =>
  expect(compileCaches(image, arm64, { cache: 'registry', cacheFrom: [], cacheTo: [] }).from).toEqual([
    'type=registry,ref=example.com/team/app:buildcache-app-compile-linux_arm64',
  ]))
