import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net'

/** A node of a builder that can be made to die: what is sent to BuildKit passes through here. */
export interface MortalNode {
  readonly endpoint: string
  /** Ends it once the client has sent so many more bytes. */
  dieAfter(bytes: number): void
  readonly isDead: () => boolean
  close(): void
}

/** Stands before the BuildKit of a socket. */
export async function startMortalNode(socketPath: string): Promise<MortalNode> {
  const sockets = new Set<Socket>()
  let left = Number.POSITIVE_INFINITY
  let dead = false
  const die = () => {
    dead = true
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  const server: Server = createServer(client => {
    const daemon = createConnection(socketPath)
    for (const socket of [client, daemon]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    }
    client.on('data', chunk => {
      left -= chunk.length
      if (left < 0 && !dead) die()
    })
    client.pipe(daemon).pipe(client)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dieAfter: bytes => {
      left = bytes
    },
    isDead: () => dead,
    close: die,
  }
}
