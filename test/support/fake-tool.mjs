// What every fake tool runs: node fake-tool.mjs FOLDER NAME ARGS…. It logs the call, then gives the reply that the test scripted.

import * as fs from 'node:fs'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import * as path from 'node:path'
import { dirname, join, resolve } from 'node:path'

const [folder, name, ...args] = process.argv.slice(2)
const { replies } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'))
const line = args.join(' ')
const index = replies.findIndex((reply, i) => matches(reply) && claim(reply, i))
const reply = replies[index]
const call = { tool: name, args, cwd: process.cwd(), env: { ...process.env }, reply: index }
// One write, so that calls at the same time do not mix.
appendFileSync(join(folder, 'calls.jsonl'), `${JSON.stringify(call)}\n`)

if (!reply) {
  process.stderr.write(`fake ${name}: no reply for: ${line}\n`)
  process.exit(97)
}
if (reply.ignoreTermination) process.on('SIGTERM', () => {})
for (const [file, text] of Object.entries(reply.files ?? {})) {
  const target = resolve(file.startsWith('--') ? optionValue(file) : file)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
}
if (reply.stdout) process.stdout.write(reply.stdout)
if (reply.stderr) process.stderr.write(reply.stderr)
if (reply.script) {
  const script = new Function(`return (${reply.script})`)()
  await script({ ...call, option: optionValue }, { fs, path })
}
if (reply.hang) setInterval(() => {}, 1000)
else process.exitCode = reply.exitCode ?? process.exitCode ?? 0

function matches({ when }) {
  return when === undefined || new RegExp(when).test(line)
}

/** Whether this call may have the reply: a reply with `times` is given to that many calls only. */
function claim({ times }, i) {
  if (times === undefined) return true
  for (let n = 0; n < times; n++) {
    try {
      mkdirSync(join(folder, `${name}.${i}.${n}`))
      return true
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
  return false
}

/** The value of `--option VALUE` or `--option=VALUE`. */
function optionValue(option) {
  const at = args.findIndex(arg => arg === option || arg.startsWith(`${option}=`))
  if (at < 0) throw new Error(`fake ${name}: no ${option} in: ${line}`)
  return args[at].includes('=') ? args[at].slice(option.length + 1) : args[at + 1]
}
