import { expect, test } from 'vitest'
import { createRedactor, redact, redactAll } from '../../../src/util/redact.ts'

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabcdef\n-----END RSA PRIVATE KEY-----'

test.each([
  ['https://me:hunter2@host/x', 'https://***@host/x'],
  ['fatal: https://:pat@example.com', 'fatal: https://***@example.com'],
  ['https://me:hun/ter2@host', 'https://***@host'],
  ['https://me:hun@ter2@host/x', 'https://***@host/x'],
  [
    'GOPROXY=https://a.example,https://bot:pw@b.example,direct',
    'GOPROXY=https://a.example,https://***@b.example,direct',
  ],
  ['https://justatoken@host/x', 'https://***@host/x'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
  ['authorization: basic bWU6cHc=', 'authorization: basic ***'],
  ['Proxy-Authorization: AWS4-HMAC', 'Proxy-Authorization: ***'],
  ['PRIVATE-TOKEN: abc', 'PRIVATE-TOKEN: ***'],
  ['GITHUB_TOKEN=abc DB_PASSWORD=def', 'GITHUB_TOKEN=*** DB_PASSWORD=***'],
  ["MYSQL_PWD='a b'\\''c' GOOS=linux", "MYSQL_PWD='***' GOOS=linux"],
  ['ENV SIGNING_KEY="a \\" b"', 'ENV SIGNING_KEY="***"'],
  ['token = "abc def"', 'token = "***"'],
  ['{"auth":"bWU6cHc=","identity_token": "x"}', '{"auth":"bWU6cHc=","identity_token": "***"}'],
  ['https://host/x?access_token=abc&y=1', 'https://host/x?access_token=***&y=1'],
  ['-X main.apiKey=abc -X main.version=1', '-X main.apiKey=*** -X main.version=1'],
  ['-ldflags=-X=main.apiToken=hunter2 -v', '-ldflags=-X=main.apiToken=*** -v'],
  ['--build-arg=TOKEN=abc', '--build-arg=TOKEN=***'],
  ['env=DB_PASSWORD=x GOOS=linux', 'env=DB_PASSWORD=*** GOOS=linux'],
  ['npm publish --token hunter2 --dry-run', 'npm publish --token *** --dry-run'],
  ["(cd /src && tool --db-password 'a b' -v)", '(cd /src && tool --db-password *** -v)'],
  ['unknown option --token in line 3', 'unknown option --token in line 3'],
  ['docker login --password-stdin 127.0.0.1:5000', 'docker login --password-stdin 127.0.0.1:5000'],
  ['docker build --secret id=npm1,src=/x .', 'docker build --secret id=npm1,src=/x .'],
  ['https://s3/x?X-Amz-Signature=abc&v=1', 'https://s3/x?X-Amz-Signature=***&v=1'],
  ['https://store/x?sv=1&sig=a%2Bb', 'https://store/x?sv=1&sig=***'],
  [`dop_v1_${'a1'.repeat(32)}`, 'dop_v1_***'],
  [`sk_test_${'a1'.repeat(12)}`, 'sk_test_***'],
  [`ghp_${'a'.repeat(36)}`, 'ghp_***'],
  [`github_pat_${'a'.repeat(36)}`, 'github_pat_***'],
  [`glpat-${'a'.repeat(20)}`, 'glpat-***'],
  ['xoxb-1234567890-abc', 'xoxb-***'],
  ['AKIAIOSFODNN7EXAMPLE', 'AKIA***'],
  [`x ${jwt} y`, 'x *** y'],
  [`a\n${pem}\nb`, 'a\n***\nb'],
  ['localhost:5000/app:1@sha256:00', 'localhost:5000/app:1@sha256:00'],
  ['http://localhost:5000/app@sha256:00', 'http://localhost:5000/app@sha256:00'],
  ['https://proxy.example/mod/@v/v1.zip', 'https://proxy.example/mod/@v/v1.zip'],
  ['ssh://git@example.com/x', 'ssh://git@example.com/x'],
  ['main.go:3:15: undefined: token', 'main.go:3:15: undefined: token'],
  ['unexpected token: foo, MONKEY=1 AUTHOR=me key=1', 'unexpected token: foo, MONKEY=1 AUTHOR=me key=1'],
  [
    'PWD=/src OLDPWD=/ SSH_AUTH_SOCK=/run/a TOKEN_FILE=/run/b',
    'PWD=/src OLDPWD=/ SSH_AUTH_SOCK=/run/a TOKEN_FILE=/run/b',
  ],
])('%j becomes %j', (text, shown) => expect(redact(text)).toBe(shown))

test('a value keeps its form', () =>
  expect(
    redactAll({
      env: { GOPROXY: 'https://me:pw@host', DB_TOKEN: 'a "b" c', GOOS: 'linux' },
      list: ['x\nAPI_KEY=abc"}', 1, null, true],
      step: [
        'npm',
        'publish',
        '--token',
        'correct horse',
        '--tag',
        'next',
        '--auth-token',
        '--secret',
        'id=a',
      ],
      args: ['API_PASSPHRASE=a b c', '--build-arg=MY_SECRET=d e', '--label', 'a=b c'],
    }),
  ).toEqual({
    env: { GOPROXY: 'https://***@host', DB_TOKEN: '***', GOOS: 'linux' },
    list: ['x\nAPI_KEY=***', 1, null, true],
    step: ['npm', 'publish', '--token', '***', '--tag', 'next', '--auth-token', '--secret', 'id=a'],
    args: ['API_PASSPHRASE=***', '--build-arg=MY_SECRET=***', '--label', 'a=b c'],
  }))

const secrets = `one\nDB_PASSWORD=hunter2 two\nhttps://me:hunter2@host\n${pem.replace('abcdef', 'hunter2')}\r3 ${jwt}`

test.each([1, 2, 7, 31, 1000])('finds secrets across the borders of pieces of %i characters', size => {
  const redactor = createRedactor()
  let text = ''
  for (let at = 0; at < secrets.length; at += size) text += redactor.add(secrets.slice(at, at + size))
  expect(text + redactor.end()).toBe('one\nDB_PASSWORD=*** two\nhttps://***@host\n***\r3 ***')
})

test('does not hold back a line without an end for ever', () => {
  const redactor = createRedactor()
  expect(redactor.add('x '.repeat(200_000)).length).toBeGreaterThan(300_000)
})

test.each(['x', 'a-', 'a.', 'x-', 'https://', 'a:', '"', "='", ' -a', ' --token '])(
  'takes no longer for a long line of %j',
  part => {
    const started = performance.now()
    redact(part.repeat(200_000))
    expect(performance.now() - started).toBeLessThan(5000)
  },
)
