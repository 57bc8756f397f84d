import { Failure } from '../../errors.ts'

/** A stage that failed before, or without, its compiler. */
interface FailedStage {
  readonly tool: string
  readonly image: string
  /** What the command said, where it was started. */
  readonly stderr: string
}

/** What buildx says of a failed stage, in words of the compile. */
export function explainStage(failure: Failure, { tool, image, stderr }: FailedStage): Failure {
  const { kind, what, where, why, cause } = failure
  const other = '[toolchain] image = "…" in xbuild.toml names another one'
  if (/did not complete successfully/.test(why ?? '')) {
    return new Failure({
      kind: 'tool',
      what: `The toolchain image ${image} cannot run ${tool}`,
      why: [stderr.trim(), why].filter(Boolean).join('\n'),
      fix: other,
      cause,
    })
  }
  if (
    /^failed to stat |convert agent config|SSH_AUTH_SOCK|secret .*not found|unset ssh|no ssh/i.test(why ?? '')
  ) {
    return new Failure({
      kind: 'usage',
      what: 'A secret or a key for the compile on the builder cannot be had',
      where,
      why,
      fix: 'fix --secret or --ssh, [build] secrets or ssh in xbuild.toml; ssh-add -l lists the keys of the agent',
      cause,
    })
  }
  const fix = kind === 'registry' ? `${other}; --compile-on host compiles on this machine` : failure.fix
  return new Failure({
    kind,
    what: what.includes(image) ? what : `${what}, for the compile with ${image}`,
    where,
    why,
    fix,
    cause,
  })
}
