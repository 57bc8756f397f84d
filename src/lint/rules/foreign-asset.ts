import type { Dockerfile, Instruction, Stage, Word } from '../../dockerfile/model.ts'
import { commandsOf } from '../../dockerfile/shell.ts'
import { architectureWords, servesOneArchitecture } from '../../dockerfile/stages.ts'
import { choosesArchitecture } from '../../dockerfile/toolchains.ts'
import { declaredBy } from '../../dockerfile/variables.ts'
import type { Report, Rule } from '../finding.ts'

const fetchers = new Set(['curl', 'wget', 'wget2', 'aria2c', 'axel', 'fetch'])

const good = `FROM alpine:3.22
ARG TARGETARCH
RUN wget -qO /usr/local/bin/tool "https://example.com/v1.2/tool-linux-$TARGETARCH" && chmod +x /usr/local/bin/tool
ENTRYPOINT ["tool"]
`

export const foreignAsset: Rule<Dockerfile> = {
  id: 'foreign-asset',
  severity: 'warning',
  summary: 'A download for the image is named by TARGETARCH, not by a constant architecture.',
  explanation: `\`curl …/tool-linux-amd64\` puts the amd64 program into the image of every platform. The build passes, and the
container says \`exec format error\`. Take the name from \`$TARGETARCH\`, or choose it (\`case "$TARGETARCH" in arm64) …\`) where the
project names its files otherwise (\`x86_64\`, \`aarch64\`). In a stage that is pinned to the build machine it is only information:
such a tool breaks on build machines of another architecture.`,
  bad: good.replace('$TARGETARCH"', 'amd64"'),
  good,
  *check({ stages, oneArchitecture }) {
    if (oneArchitecture) return
    for (const stage of stages) {
      if (stage.platform === 'constant' || stage.platform === 'unknown' || servesOneArchitecture(stage))
        continue
      const severity = stage.platform === 'build' ? { severity: 'info' as const } : {}
      for (const { keyword, onbuild, ...instruction } of stage.instructions) {
        if (onbuild) continue
        for (const report of downloads({ keyword, onbuild, ...instruction })) {
          yield { ...report, ...severity, fix: fixFor(stage) }
        }
      }
    }
  },
}

function fixFor({ platform }: Stage): string {
  return platform === 'build' ? 'name it by $BUILDARCH' : 'name it by $TARGETARCH'
}

function downloads(instruction: Instruction): Report[] {
  if (instruction.keyword === 'RUN') {
    if (choosesArchitecture(instruction)) return []
    const commands = commandsOf(instruction).filter(({ tool }) => fetchers.has(tool))
    return commands.flatMap(({ words }) => words.slice(1).filter(isAddress)).flatMap(architectureIn)
  }
  if (instruction.keyword === 'ADD')
    return instruction.words.slice(0, -1).filter(isAddress).flatMap(architectureIn)
  return declaredBy(instruction)
    .filter(({ value = '' }) => /^https?:\/\//.test(value))
    .flatMap(({ value = '', start, end }) => architectureIn({ value, raw: value, start, end }))
}

/** A web address, written out or begun by a variable. */
function isAddress({ value }: Word): boolean {
  return /^(?:https?:\/\/|\$\{?\w+\}?\/|[\w.-]+\.[a-z]{2,}\/)/i.test(value)
}

function architectureIn({ value, raw, start, end }: Word): Report[] {
  // The folders of a mirror say nothing; what the file or the last folders are called does.
  const words = architectureWords(value.replace(/\$\{[^}]*\}?|\$\w+/g, ''))
  const word = words.at(-1)
  if (word === undefined || new Set(words).size > 1 || !/[-_./]/.test(value)) return []
  const offset = raw.lastIndexOf(word)
  const exact = offset >= 0 && end - start === raw.length
  return [
    {
      start: exact ? start + offset : start,
      end: exact ? start + offset + word.length : end,
      message: `every platform of the image downloads the ${word} file`,
    },
  ]
}
