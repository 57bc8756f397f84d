/** Words of a Dockerfile that are no keys of xbuild.toml, and what says the same here. */
const words: Readonly<Record<string, string>> = {
  from: 'base is the image that FROM names',
  expose: 'ports is what EXPOSE says: ports = [8080]',
  port: 'ports is what EXPOSE says: ports = [8080]',
  cmd: 'args is what CMD says: args = ["serve"]',
  command: 'args is what CMD says: args = ["serve"]',
  shell:
    'there is no SHELL: a distroless image has none, and entrypoint, args and healthcheck are words of a command',
  copy: 'files is what COPY says: files = [{ from = "assets", to = "/srv/assets" }]',
  add: 'files is what ADD says: files = [{ from = "assets", to = "/srv/assets" }]; what it would download or unpack is fetched before the build',
  run: 'nothing runs in the image, so that no emulator is needed: folders and links make what RUN mkdir and ln would',
  arg: 'an ARG is a placeholder here: {env.NAME}, {version}, {commit}',
  volume: 'volumes is what VOLUME says: volumes = ["/data"]',
  label: 'labels is what LABEL says',
  maintainer: 'a label says it: labels = { "org.opencontainers.image.authors" = "…" }',
  stopsignal: 'stop-signal is what STOPSIGNAL says: stop-signal = "SIGINT"',
  onbuild: 'ONBUILD is refused: an image of xbuild is a program, and nothing is built on top of it',
}

/** What to write instead of an instruction of a Dockerfile. */
export function dockerfileHint(key: string): string | undefined {
  const word = key.toLowerCase()
  return Object.hasOwn(words, word) ? words[word] : undefined
}
