import { expect, test } from 'vitest'
import { failuresIn } from '../../scripts/generate/failures-in-source.ts'

test('the messages of a source file are found, with … for what only a run knows', () => {
  const source = `
    throw new Failure({
      kind: 'usage',
      // why, it's a comment
      what: \`The file \${names.map(name => \`\${name}, x\`).join(', ')} is "bad"\`,
      where: at,
      fix: isOne ? 'fix it' : \`fix all \${n}\`,
    })
    return new Failure({ kind: missing ? 'tool' : 'image', what: kind === 'x' ? 'It\\'s one' : 'two', why })
    throw registryFailure(\`No \${what}\`, name, why, 'docker login')
    throw new Failure({ kind, what, why })
    export function registryFailure(what: string) {}
  `
  expect(failuresIn(source)).toEqual([
    { kinds: ['usage'], whats: ['The file … is "bad"'], fixes: ['fix it', 'fix all …'] },
    { kinds: ['tool', 'image'], whats: ["It's one", 'two'], fixes: [] },
    { kinds: ['registry'], whats: ['No …'], fixes: ['docker login'] },
  ])
})
