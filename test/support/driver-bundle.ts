import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { embeddedFiles } from '../../scripts/bundle-options.mjs'
import type { DriverAnswer, DriverOrder } from './oci-driver.ts'

/** Bundles oci-driver.ts, so that the in-process backend can run in a process of its own. */
export async function bundleDriver(outfile: string): Promise<void> {
  await build({
    entryPoints: [fileURLToPath(new URL('oci-driver.ts', import.meta.url))],
    outfile,
    bundle: true,
    plugins: [embeddedFiles],
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)",
    },
  })
}

/** Runs the bundled driver; undefined when it was killed. */
export function runDriver(
  driver: string,
  order: DriverOrder,
  node: string = process.execPath,
): Promise<DriverAnswer | undefined> {
  return new Promise((resolve, reject) => {
    execFile(node, [driver, JSON.stringify(order)], (error, stdout, stderr) => {
      if (error?.signal === 'SIGKILL') resolve(undefined)
      else if (error) reject(new Error(`${error.message}\n${stderr}`))
      else resolve(JSON.parse(stdout))
    })
  })
}
