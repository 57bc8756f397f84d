import type { Dockerfile, Flag, Stage } from '../../dockerfile/model.ts'
import { lineage, servesOneArchitecture } from '../../dockerfile/stages.ts'
import type { Rule } from '../finding.ts'
import { goFile, webPage } from './examples.ts'

const platformFlag = (stage: Stage) => stage.from.flags.find(({ name }) => name === 'platform')

/** The flag of the stage, or of the base that it takes its platform from. */
const decidingFlag = (stage: Stage) =>
  lineage(stage)
    .map(platformFlag)
    .find(flag => flag !== undefined)

/** Takes the flag out, with the blanks after it. */
function dropFlag(text: string, flag: Flag) {
  const [blanks = ''] = /^[ \t]*/.exec(text.slice(flag.end, flag.end + 200)) ?? []
  return { start: flag.start, end: flag.end + blanks.length, text: '' }
}

const describesImage = new Set(['ENTRYPOINT', 'CMD', 'EXPOSE', 'USER', 'VOLUME', 'HEALTHCHECK'])

export const finalStagePlatform: Rule<Dockerfile> = {
  id: 'final-stage-platform',
  severity: 'error',
  summary: 'The last stage, which becomes the image, is built on the target platform.',
  explanation: `\`--platform=$BUILDPLATFORM\` belongs to stages that compile. On the last stage it takes the base image of the build
machine for every platform: the index says arm64, the image holds an amd64 root file system, and even a program compiled for
arm64 then meets the wrong C library, shell and certificates tool. A constant such as \`linux/amd64\` does the same for every
other platform (only a warning in a Dockerfile that shows no sign of several platforms). A last stage that only runs a check
or exports files is left alone.`,
  bad: goFile.replace('FROM gcr', 'FROM --platform=$BUILDPLATFORM gcr'),
  good: goFile,
  *check({ text, stages, instructions, oneArchitecture }) {
    const last = stages.at(-1)
    if (oneArchitecture && last?.platform === 'constant') return
    if (!last || (last.platform !== 'build' && last.platform !== 'constant') || servesOneArchitecture(last))
      return
    const image = last.instructions.some(({ keyword, onbuild }) => describesImage.has(keyword) && !onbuild)
    const root = lineage(last).at(-1)
    const copies = last.instructions.some(({ flags }) => flags.some(({ name }) => name === 'from'))
    if (!image && (last.base || !copies || root?.image === 'scratch')) return
    const own = platformFlag(last)
    const flag = own ?? decidingFlag(last)
    if (!flag) return
    const multi = /\$\{?(?:TARGET|BUILD)(?:PLATFORM|ARCH|OS)/.test(
      instructions.map(({ body, flags }) => `${body.text} ${flags.map(({ value }) => value)}`).join('\n'),
    )
    yield {
      start: own ? own.start : last.from.start,
      end: own ? own.end : last.from.end,
      message: `the image has the ${last.platform === 'build' ? 'build machine’s' : `${flag.value}`} root file system on every platform`,
      fix: own ? 'FROM without --platform' : 'base the last stage on an image, without --platform',
      ...(last.platform === 'constant' && !multi && { severity: 'warning' as const }),
      ...(own && last.base === undefined && { edits: [dropFlag(text, own)] }),
    }
  },
}

export const constantPlatform: Rule<Dockerfile> = {
  id: 'constant-platform',
  severity: 'warning',
  summary:
    'A stage before the last is built on the build machine’s platform or the target’s, not on a constant one.',
  explanation: `\`FROM --platform=linux/amd64\` runs under emulation on an arm64 machine (Apple Silicon, Graviton), however
small the step is, and hides what the stage depends on. \`$BUILDPLATFORM\` is the machine that builds, whatever it is. A stage
that serves one architecture by its name (\`AS libs-amd64\`) is left alone.`,
  bad: webPage.replace('$BUILDPLATFORM', 'linux/amd64'),
  good: webPage,
  buildkit: ['FromPlatformFlagConstDisallowed'],
  *check({ stages, oneArchitecture }) {
    for (const stage of oneArchitecture ? [] : stages.slice(0, -1)) {
      const flag = platformFlag(stage)
      if (!flag || stage.platform !== 'constant' || servesOneArchitecture(stage)) continue
      yield {
        start: flag.start,
        end: flag.end,
        message: `this stage always runs as ${stage.platformText}: emulated on machines of another architecture`,
        fix: '--platform=$BUILDPLATFORM',
      }
    }
  },
}

export const redundantTargetPlatform: Rule<Dockerfile> = {
  id: 'redundant-target-platform',
  severity: 'info',
  summary: 'FROM has no --platform=$TARGETPLATFORM: that is what it does anyway.',
  explanation: `A stage is built on the target platform unless FROM says otherwise. Old builders without BuildKit fail on the
variable.`,
  bad: `FROM --platform=$TARGETPLATFORM alpine:3.22
RUN apk add --no-cache curl
`,
  good: `FROM alpine:3.22
RUN apk add --no-cache curl
`,
  buildkit: ['RedundantTargetPlatform'],
  *check({ text, stages }) {
    for (const stage of stages) {
      const flag = platformFlag(stage)
      // On a stage with a pinned base it is not redundant, but a change that BuildKit ignores.
      if (!flag || stage.base || !/^(?:\$TARGETPLATFORM|\$\{TARGETPLATFORM\})$/.test(flag.value)) continue
      yield {
        start: flag.start,
        end: flag.end,
        message: '--platform=$TARGETPLATFORM is what FROM does anyway',
        fix: 'FROM without --platform',
        edits: [dropFlag(text, flag)],
      }
    }
  },
}
