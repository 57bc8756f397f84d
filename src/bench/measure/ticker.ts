/**
 * Says once a second what is going on and for how long: a compiler under an emulator may be silent for minutes.
 * @param what the run: `cold, run 1 of 3`.
 */
export function openTicker(what: string, say: (text: string) => void) {
  const started = Date.now()
  let at = ''
  const tell = () => say(`${what}, ${describeElapsed((Date.now() - started) / 1000)}${at}`)
  const timer = setInterval(tell, 1000)
  tell()
  return {
    /** What the run has come to. */
    detail(text: string): void {
      at = ` · ${text}`
      tell()
    },
    close(): void {
      clearInterval(timer)
    },
  }
}

/** Whole seconds: a clock that runs shows no more. */
export function describeElapsed(seconds: number): string {
  const whole = Math.floor(seconds)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}
