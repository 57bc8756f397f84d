import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchDownloads } from '../../../src/build/watch-downloads.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('what is downloaded is said every five seconds, and nothing twice', () => {
  const said: string[] = []
  const { onDownload, end } = watchDownloads(text => said.push(text))
  vi.advanceTimersByTime(12_000)
  onDownload('a v1')
  vi.advanceTimersByTime(5000)
  onDownload('b v1')
  onDownload('c v1')
  vi.advanceTimersByTime(20_000)
  end()
  onDownload('d v1')
  vi.advanceTimersByTime(20_000)
  expect(said).toEqual([
    'Reading the project; its dependencies may have to be downloaded first',
    'Downloading dependencies: a v1',
    'Downloading dependencies: c v1, 3 so far',
  ])
})
