import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { temporaryFolder } from '../support/projects.ts'

it('the bundled program asks a registry elsewhere through the proxy of the environment', async () => {
  const connects: string[] = []
  const proxy = createServer().on('connect', (request, socket) => {
    connects.push(request.url ?? '')
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  try {
    const env = { HTTPS_PROXY: address, https_proxy: address, NO_PROXY: '', no_proxy: '' }
    const result = await xbuild(['verify', 'registry.invalid/app:1'], { cwd: await temporaryFolder(), env })
    expect(result).toMatchObject({ code: 8 })
    expect(connects).toContain('registry.invalid:443')
  } finally {
    proxy.close()
  }
}, 60_000)
