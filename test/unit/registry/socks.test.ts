import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createTransport } from '../../../src/registry/transport.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A SOCKS5 proxy (RFC 1928) without a login that leads everybody to one port of this machine; notes the names asked for. */
function socksServer(target: number, names: string[]): Server {
  return createTcpServer(socket => {
    socket.on('error', () => {})
    socket.once('data', greeting => {
      if (greeting[0] !== 5) return socket.destroy()
      socket.write(Buffer.from([5, 0]))
      socket.once('data', request => {
        names.push(request.subarray(5, 5 + (request[4] ?? 0)).toString())
        socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
        const way = connect(target, '127.0.0.1').on('error', () => {})
        socket.pipe(way).pipe(socket)
      })
    })
  })
}

it.each(['socks5', 'socks5h'])(
  'a registry is reached by a proxy of %s, which finds its name',
  async scheme => {
    const names: string[] = []
    const registry = await listen(createServer((_, response) => response.end('{}')))
    const proxy = await listen(socksServer(registry, names))
    const env = { HTTP_PROXY: `${scheme}://127.0.0.1:${proxy}` }
    const transport = createTransport({ env, insecure: ['registry.test'] })
    const { status } = await transport.send({ method: 'GET', url: new URL('http://registry.test/v2/') })
    await transport.close()
    expect(status).toBe(200)
    expect(names).toEqual(['registry.test'])
  },
)

it('a host may be insecure however it is written', async () => {
  const { mayBeInsecure, close } = createTransport({ insecure: ['Reg.example.com:443', 'other.example.com'] })
  expect(mayBeInsecure('reg.example.com')).toBe(true)
  expect(mayBeInsecure('other.example.com:443')).toBe(true)
  expect(mayBeInsecure('other.example.com:5000')).toBe(false)
  await close()
})
