import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** What a server does with a connection once a request has come; `repeat` runs until the connection ends. */
type Behaviour = (socket: Socket, repeat: (every: number, act: () => void) => void) => void

const head = (headers: string, body = '') => `HTTP/1.1 200 OK\r\n${headers}\r\n\r\n${body}`
const index = 'content-type: application/vnd.oci.image.index.v1+json'
const say =
  (text: string | Buffer): Behaviour =>
  socket =>
    void socket.end(text)

/** Servers that are no registries, or wrong ones, below what an HTTP server of Node's would let one answer. */
export const hostileServers = {
  'accepts and says nothing': () => {},
  'hangs up at once': socket => socket.destroy(),
  'resets the connection': socket => socket.resetAndDestroy(),
  'sends a byte of its headers now and then': (socket, repeat) => repeat(100, () => socket.write('H')),
  'sends headers without end': (socket, repeat) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    repeat(1, () => socket.write(`x-${Math.random()}: ${'y'.repeat(1000)}\r\n`))
  },
  'sends a byte of its answer now and then': (socket, repeat) => {
    socket.write(head(`${index}\r\ncontent-length: 1000000`))
    repeat(100, () => socket.write(' '))
  },
  'stops in the middle of its answer': socket =>
    void socket.write(head(`${index}\r\ncontent-length: 1000`, '{"')),
  'hangs up in the middle of its answer': say(head(`${index}\r\ncontent-length: 1000`, '{"')),
  'says 100 Continue for ever': (socket, repeat) =>
    repeat(50, () => socket.write('HTTP/1.1 100 Continue\r\n\r\n')),
  'greets as SSH does': say('SSH-2.0-OpenSSH_9.2p1\r\n'),
  'greets as SMTP does, and waits': socket => void socket.write('220 mail.example.com ESMTP\r\n'),
  'speaks Redis': say('-ERR unknown command\r\n'),
  'sends random bytes': say(Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 256))),
  'speaks HTTP/0.9': say('<html>hello</html>'),
  'has an HTTP of its own': say('HTTP/7.3 999 Maybe\r\n\r\n'),
  'has two lengths': say(head(`${index}\r\ncontent-length: 2\r\ncontent-length: 20`, '{}')),
  'has a length below zero': say(head(`${index}\r\ncontent-length: -1`, '{}')),
  'has a length and chunks': say(head(`${index}\r\ncontent-length: 2\r\ntransfer-encoding: chunked`, '{}')),
  'has chunks of no length': say(head(`${index}\r\ntransfer-encoding: chunked`, 'zz\r\n{}\r\n')),
  'has a chunk too long for any number': say(
    head(`${index}\r\ntransfer-encoding: chunked`, 'ffffffffffffffffff\r\n'),
  ),
  'changes its protocol': say(
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n',
  ),
  'answers with a control character': say(
    'HTTP/1.1 500 \u001b[2J\r\ncontent-length: 9\r\n\r\n\u001b[31m\u202eevil',
  ),
  'has a header line without colon': say('HTTP/1.1 200 OK\r\nno header\r\n\r\n'),
} as const satisfies Readonly<Record<string, Behaviour>>

export type HostileServer = keyof typeof hostileServers

/** A server on loopback that treats every connection so. */
export async function startHostileServer(
  name: HostileServer,
): Promise<{ host: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const act: Behaviour = hostileServers[name]
  const server = createServer(socket => {
    sockets.add(socket)
    const timers: NodeJS.Timeout[] = []
    const end = () => {
      sockets.delete(socket)
      for (const timer of timers) clearInterval(timer)
    }
    socket.on('close', end).on('error', end)
    // The first bytes may be of TLS, which a server on loopback is asked for first.
    socket.once('data', bytes => {
      if (bytes[0] === 0x16) return void socket.destroy()
      act(socket, (every, work) => timers.push(setInterval(work, every)))
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
