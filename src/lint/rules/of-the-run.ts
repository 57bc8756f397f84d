import type { RuleInfo } from '../finding.ts'

// What these rules say is not found in one file's text alone: the registry, the file's form and its comments say it.

export const basePlatform: RuleInfo = {
  id: 'base-platform',
  severity: 'error',
  summary:
    'Every base image and every image that COPY takes from exists for each platform (with --registry).',
  explanation: `Where an image lacks a platform, the build of that platform ends with \`no match for platform in manifest\`, after
the others were compiled; an image that is no index at all gives its one platform to all. \`xbuild lint --registry\` asks the
registry for every \`FROM\`, \`COPY --from\` and \`RUN --mount=from\`, for the platforms of \`--platform\` or xbuild.toml (a stage on
\`$BUILDPLATFORM\` needs the platform of a build machine only: one of amd64 and arm64).`,
  bad: `FROM registry.example.com/only-amd64:1.0
ENTRYPOINT ["/app"]
`,
  good: `FROM registry.example.com/every-platform:1.0
ENTRYPOINT ["/app"]
`,
  buildkit: ['InvalidBaseImagePlatform'],
}

export const ignoreComment: RuleInfo = {
  id: 'ignore-comment',
  severity: 'warning',
  summary: 'A comment that ignores a rule names one that exists, and says why.',
  explanation: `\`# xbuild-lint ignore=ID reason\` on the line before an instruction or a step (in YAML also at the end of the line)
silences that rule there; several IDs are separated by commas. A misspelt ID would silence nothing, and a comment without a
reason tells the next reader nothing. To silence a rule everywhere, write \`[lint] ignore = ["ID"]\` in xbuild.toml.`,
  bad: `# xbuild-lint ignore=moving-base-tags we follow the tag
FROM alpine:3.22
ENTRYPOINT ["sh"]
`,
  good: `# xbuild-lint ignore=moving-base-tag we follow the tag
FROM alpine:3.22
ENTRYPOINT ["sh"]
`,
}

export const unreadableFile: RuleInfo = {
  id: 'unreadable-file',
  severity: 'error',
  summary: 'The file can be read as what it is: a Dockerfile has a FROM, a workflow is YAML.',
  explanation: `Where a file cannot be read, no rule can look at it. A Dockerfile without \`FROM\`, YAML that does not parse and a
bake file that \`docker buildx bake --print\` refuses are reported as such, with the place.`,
  bad: `ARG VERSION=1
RUN make
`,
  good: `ARG VERSION=1
FROM alpine:3.22
ENTRYPOINT ["sh"]
`,
}
