import { expect, it } from 'vitest'
import { printTokens, substitute, tokens } from '../../../src/util/substitute.ts'

const { work, content, caches } = tokens
const command = {
  tool: `${work}/t`,
  args: ['-o', `${work}/a`, 'b', `${content}-${caches}`],
  cwd: work,
  env: { A: `x${work}y${work}` },
}

it('fills tool, arguments, folder and variables', () => {
  expect(substitute(command, { work: '/w', content: 'abc', caches: '/c' })).toEqual({
    tool: '/w/t',
    args: ['-o', '/w/a', 'b', 'abc-/c'],
    cwd: '/w',
    env: { A: 'x/wy/w' },
  })
})

it('leaves a token without a value for later', () => {
  const bound = substitute(substitute(command, { caches: '/c' }), { work: '/w' })
  expect(bound.args.at(-1)).toBe(`${content}-/c`)
})

it.each(['{work}', '/src/{work}/{content}', '{caches}', '{name}', '$&', '$1'])(
  'leaves the user’s %s as it is',
  text => {
    const own = { tool: text, args: [`--dir=${text}`], cwd: text, env: { DIR: text } }
    expect(substitute(own, { work: '/w', content: 'abc', caches: '/c' })).toEqual(own)
  },
)

it.each(['/srv/{work}', '/srv/{content}', '/srv/$&'])('takes the value %s as it is', value => {
  const bound = substitute({ tool: `${work}${content}`, args: [], cwd: '/' }, { work: value, content: 'c' })
  expect(bound.tool).toBe(`${value}c`)
})

it('prints tokens by their names', () => {
  expect(printTokens({ ...command, title: 'Compile' })).toEqual({
    title: 'Compile',
    tool: '{work}/t',
    args: ['-o', '{work}/a', 'b', '{content}-{caches}'],
    cwd: '{work}',
    env: { A: 'x{work}y{work}' },
  })
})

it('quotes a field of a record with the folder in it, as docker reads it', () => {
  const command = { tool: 'docker', args: [`type=oci,dest=${tokens.work}/o,tar=false`], cwd: '/' }
  expect(substitute(command, { work: '/a,"b"' }).args).toEqual(['type=oci,"dest=/a,""b""/o",tar=false'])
  expect(substitute(command, { work: '/a' }).args).toEqual(['type=oci,dest=/a/o,tar=false'])
})
