import { DockerfileParser } from 'dockerfile-ast'
import { indexLines } from '../util/source-text.ts'
import { readInstruction } from './instruction.ts'
import type { Dockerfile } from './model.ts'
import { collectStages, namesArchitecture } from './stages.ts'

interface Place {
  readonly line: number
  readonly character: number
}

/**
 * Reads a Dockerfile. The parser finds instructions, comments, directives and where here-documents end; what the rules
 * need of each instruction is read from its text.
 */
export function parseDockerfile(text: string, path: string, dockerignore?: string): Dockerfile {
  const ast = DockerfileParser.parse(text)
  const lines = indexLines(text)
  const offset = ({ line, character }: Place) => lines.offsetAt({ line: line + 1, column: character + 1 })
  const placeOf = ({ start, end }: { start: Place; end: Place }) => ({
    start: offset(start),
    end: offset(end),
  })
  const escapeChar = ast.getEscapeCharacter()
  const instructions = ast.getInstructions().map(instruction => {
    const range = instruction.getRange()
    const keyword = instruction.getInstructionRange()
    return readInstruction(text, escapeChar, {
      keyword: instruction.getKeyword(),
      start: offset(range.start),
      end: offset(range.end),
      argumentsStart: offset(keyword.end),
    })
  })
  const first = instructions.findIndex(({ keyword, onbuild }) => keyword === 'FROM' && !onbuild)
  const globals = first < 0 ? instructions : instructions.slice(0, first)
  return {
    text,
    instructions,
    globals,
    stages: first < 0 ? [] : collectStages(instructions.slice(first), globals),
    comments: [
      // The parser takes `# any words=…` at the top for a directive; BuildKit, `# word=…` alone.
      ...ast
        .getDirectives()
        .filter(directive => !isDirective(directive.getName()))
        .map(directive => {
          const { start, end } = placeOf(directive.getRange())
          return { start, end, text: text.slice(start, end).replace(/^#\s*/, '') }
        }),
      ...ast
        .getComments()
        .map(comment => ({ ...placeOf(comment.getRange()), text: comment.getContent() ?? '' })),
    ],
    directives: Object.fromEntries(
      ast
        .getDirectives()
        .filter(directive => isDirective(directive.getName()))
        .map(directive => [directive.getName().toLowerCase(), directive.getValue()]),
    ),
    oneArchitecture: namesArchitecture(path),
    dockerignore,
  }
}

function isDirective(name: string): boolean {
  return /^[a-z][a-z0-9]*$/i.test(name)
}
