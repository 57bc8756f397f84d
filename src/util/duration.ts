const nanoseconds: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** A duration as Go and Docker write it, `1m30s` or `500ms`, in nanoseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(ns|us|\u00b5s|ms|s|m|h))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([a-z\u00b5]+)/g)]
  return Math.round(
    parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (nanoseconds[unit] ?? 0), 0),
  )
}
