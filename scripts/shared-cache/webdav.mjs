// As much of a WebDAV server (RFC 4918) as sccache asks of one, on the loopback interface.
import { createReadStream } from 'node:fs'
import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join, normalize } from 'node:path'

/** @returns {Promise<number>} a port that nothing listens on */
export function freePort() {
  const server = createServer()
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    }),
  )
}

/** @param {string} root folder of what it keeps */
export async function startWebDav(root) {
  await mkdir(root, { recursive: true })
  let uploads = 0
  const server = createServer(async (request, response) => {
    const way = normalize(`/${decodeURIComponent((request.url ?? '').split('?')[0] ?? '')}`)
    const path = join(root, way)
    const end = (status, headers = {}, body = '') => response.writeHead(status, headers).end(body)
    try {
      if (request.method === 'MKCOL') {
        await mkdir(path)
        return end(201)
      }
      if (request.method === 'PUT') {
        const pieces = []
        for await (const piece of request) pieces.push(piece)
        await mkdir(dirname(path), { recursive: true })
        const part = join(root, `.part-${uploads++}`)
        await writeFile(part, Buffer.concat(pieces))
        await rename(part, path)
        return end(201)
      }
      const found = await stat(path)
      if (request.method === 'PROPFIND') {
        return end(207, { 'content-type': 'application/xml' }, properties(way, found))
      }
      if (found.isDirectory()) return end(200)
      response.writeHead(200, { 'content-length': found.size, 'last-modified': found.mtime.toUTCString() })
      if (request.method === 'HEAD') return response.end()
      createReadStream(path).pipe(response)
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      end(code === 'ENOENT' ? 404 : code === 'EEXIST' ? 405 : 500)
    }
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

/** @param {string} way @param {import('node:fs').Stats} found */
function properties(way, found) {
  const kind = found.isDirectory() ? '<D:resourcetype><D:collection/></D:resourcetype>' : '<D:resourcetype/>'
  const href = found.isDirectory() ? `${way.replace(/\/*$/, '')}/` : way
  return `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:"><D:response><D:href>${encodeURI(href)}</D:href><D:propstat><D:prop>${kind}<D:getcontentlength>${found.size}</D:getcontentlength><D:getlastmodified>${found.mtime.toUTCString()}</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`
}
