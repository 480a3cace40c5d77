import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { Readable } from 'node:stream'

/** Types that the built page consists of; a file of any other type is not served. */
const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.onnx': 'application/octet-stream',
  '.woff2': 'font/woff2',
}

/**
 * Serves the built page from a folder. Paths of the page itself, which have no file of their own, get its start page.
 *
 * @returns Undefined for what is not there.
 */
export function createStaticFiles(folder: string): (request: Request) => Promise<Response | undefined> {
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/api/') || pathname === '/rpc') return undefined
    const path = decodePath(pathname)
    if (path === undefined) return undefined
    const isPage = extname(path) === ''
    return serveFile(folder, isPage ? 'index.html' : path, request.method === 'HEAD')
  }
}

function decodePath(pathname: string): string | undefined {
  try {
    const path = decodeURIComponent(pathname)
    // Names that begin with a dot are nobody's business.
    return path.includes('\0') || path.includes('\\') || path.includes('/.') ? undefined : path
  } catch {
    return undefined
  }
}

async function serveFile(folder: string, path: string, headOnly: boolean): Promise<Response | undefined> {
  const contentType = contentTypes[extname(path)]
  if (contentType === undefined) return undefined
  const found = await findInside(folder, path)
  if (found === undefined) return undefined
  const headers = {
    'content-type': contentType,
    'content-length': String(found.bytes),
    // The build puts a hash into the names of what it puts into /assets/.
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
  const body = headOnly ? null : Readable.toWeb(createReadStream(found.path))
  return new Response(body as BodyInit | null, { headers })
}

/** The file that a path names, links followed; undefined when that is outside of the folder. */
async function findInside(folder: string, path: string): Promise<{ path: string; bytes: number } | undefined> {
  try {
    const root = await realpath(folder)
    const target = await realpath(join(root, path))
    const file = await stat(target)
    return target.startsWith(root + sep) && file.isFile() ? { path: target, bytes: file.size } : undefined
  } catch {
    return undefined
  }
}
