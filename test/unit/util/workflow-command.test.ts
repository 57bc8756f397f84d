import { expect, test } from 'vitest'
import { withoutCommands, workflowCommand } from '../../../src/util/workflow-command.ts'

test('no text ends its command and begins another', () => {
  const line = workflowCommand('error', { title: 'a,b:c\nd', line: 3 }, 'a\n::set-env name=X::y\r\n100%')
  expect(line).toBe('::error title=a%2Cb%3Ac%0Ad,line=3::a%0A::set-env name=X::y%0D%0A100%25')
})

test.each([
  ['::error::x', ': :error::x'],
  ['a\n  ::add-path::/evil', 'a\n  : :add-path::/evil'],
  ['a ##[set-env name=X]y', 'a ## [set-env name=X]y'],
  ['crate::module', 'crate::module'],
])('%j of others is text: %j', (text, shown) => expect(withoutCommands(text)).toBe(shown))
