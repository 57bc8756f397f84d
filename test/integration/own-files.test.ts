import { expect, it } from 'vitest'
import { xbuild } from '../support/cli.ts'
import { helloGo, project } from '../support/projects.ts'

it('a Dockerfile and a Makefile are hinted at in one line each, until there is an xbuild.toml', async () => {
  const files = {
    ...helloGo,
    Dockerfile:
      'FROM golang AS b\nRUN go build -o /hello .\nFROM alpine\nEXPOSE 8080\nVOLUME /data\nCOPY web /web\n',
    Makefile: 'all:\n\tgo build -ldflags "-X example.com/hello/v.Version=$(V)"\n',
  }
  const notes = async (extra: Record<string, string> = {}) => {
    const { stdout } = await xbuild(['plan', '--json', '--backend=oci'], {
      cwd: await project({ ...files, ...extra }),
    })
    return (JSON.parse(stdout).notes as string[]).filter(note => /xbuild init/.test(note))
  }
  expect(await notes()).toEqual([
    expect.stringMatching(/^Dockerfile is not used, .*EXPOSE 8080; VOLUME \/data; COPY web\. xbuild init/),
    expect.stringMatching(/^Makefile sets example\.com\/hello\/v\.Version by -X/),
  ])
  expect(await notes({ 'xbuild.toml': '' })).toEqual([])
})
