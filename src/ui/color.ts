const codes = { red: '31', yellow: '33', cyan: '36', bold: '1', dim: '2' } as const

/** Puts a colour around a text, or leaves it as it is. */
export type Paint = (color: keyof typeof codes, text: string) => string

/** Without colours. */
export const plainPaint: Paint = (_, text) => text

/** Paint for what is written to a stream. */
export function paintFor(stream: { readonly isTTY?: boolean }, env = process.env): Paint {
  return wantsColor(stream, env)
    ? (color, text) =>
        `\u001b[${codes[color]}m${text}\u001b[${color === 'bold' || color === 'dim' ? '22' : '39'}m`
    : plainPaint
}

/**
 * Whether what is written to a stream has colours. FORCE_COLOR goes first, as for Node.js (0 is never), then NO_COLOR
 * (no-color.org), CLICOLOR_FORCE, a terminal that is called dumb, CLICOLOR=0, and whether it is a terminal at all.
 */
export function wantsColor(stream: { readonly isTTY?: boolean }, env = process.env): boolean {
  const { FORCE_COLOR: force, NO_COLOR: none, CLICOLOR_FORCE: cliForce, CLICOLOR: cli, TERM: term } = env
  if (force !== undefined) return !['0', 'false'].includes(force)
  if (none) return false
  if (cliForce && cliForce !== '0') return true
  if (term === 'dumb' || cli === '0') return false
  return stream.isTTY === true
}
