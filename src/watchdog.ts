import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Reads `+ PID` and `- PID`, and at the end of its input, which is when xbuild is dead, however it died, ends the process
 * groups that are left. Nothing of the user's is in it: the numbers come by its input.
 */
const script = `trap '' HUP INT TERM
groups=' '
while read -r sign pid; do
  case $sign in
    +) groups="$groups$pid " ;;
    -) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
for pid in $groups; do kill -KILL "-$pid"; done
`

let watchdog: ChildProcess | undefined

/**
 * Sees to it that a process group ends with this process, also when that is killed: Node.js cannot ask the kernel for a
 * parent-death signal. Where there is no /bin/sh nobody watches.
 * @returns ends the watch, when the group has ended.
 */
export function watchGroup(pid: number): () => void {
  watchdog ??= startWatchdog()
  const { stdin } = watchdog
  stdin?.write(`+ ${pid}\n`)
  return () => void stdin?.write(`- ${pid}\n`)
}

function startWatchdog(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
    cwd: '/',
  })
  child.on('error', () => {})
  child.stdin?.on('error', () => {})
  child.unref()
  ;(child.stdin as unknown as { unref(): void } | null)?.unref()
  return child
}
