// V8 takes what was compiled of Node.js's own modules, which Node.js brings along, only with the flags that it was compiled
// with. So these, which nearly every command needs, come before the flags change: that saves 20 ms of a processor.
import 'node:assert'
import 'node:child_process'
import 'node:fs/promises'
import 'node:http'
import 'node:http2'
import 'node:perf_hooks'
import 'node:readline'
import 'node:stream/consumers'
import 'node:timers/promises'
import 'node:tls'
import 'node:tty'
import { setFlagsFromString } from 'node:v8'
import 'node:zlib'

/** The newest Node.js that is known to have the flags below; V8 complains about one that it does not know. */
const newestTried = 26

const flags = [
  // undici parses HTTP in WebAssembly, which V8 would optimize in the background for longer than all of a run's answers take
  // to parse: 0.1 s of a processor.
  '--wasm-tiering-budget=1000000000',
  // The threads that help to collect a small heap take more time from the compilers than they save: 0.02 s of a processor.
  '--no-concurrent-marking',
  '--no-concurrent-sweeping',
  '--no-parallel-scavenge',
]

/** Has V8 leave the processors to the compilers that run meanwhile. */
export function tuneV8(): void {
  if (Number.parseInt(process.versions.node, 10) > newestTried) return
  for (const flag of flags) setFlagsFromString(flag)
}
