/** Core tests: which tracking headers are kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { scrubCommandLine } from '../../../src/core/audit/scrub.ts'
import { readTracking } from '../../../src/core/audit/tracking.ts'

function assertScrubbed(table: Readonly<Record<string, string | null>>): void {
  const kept = Object.fromEntries(Object.keys(table).map((line) => [line, scrubCommandLine(line)]))
  assert.deepEqual(kept, table)
}

test('TRK-1 the values of secret options, variables, URLs and headers are masked', () => {
  assertScrubbed({
    'x --password s3cret --foo': 'x --password *** --foo',
    'x --password=s3cret y': 'x --password=*** y',
    'x --password = s3cret y': 'x --password = *** y',
    'x --PASSWORD "two words" y': 'x --PASSWORD *** y',
    "x --password='two words' y": 'x --password=*** y',
    'x --password "it\\"s" y': 'x --password *** y',
    'x --password two\\ words y': 'x --password *** y',
    'x --password "never closed y': 'x --password ***',
    'x --auth-token t0k -p 22': 'x --auth-token *** -p 22',
    'x --auth-token=t0k': 'x --auth-token=***',
    'x --token t0k --secret=t0k2': 'x --token *** --secret=***',
    'x --client_secret t0k': 'x --client_secret ***',
    'x "--password" s3cret': 'x "--password" ***',
    'x --password --token t0k': 'x --password --token ***',
    'x --password -s3cret y': 'x --password *** y',
    'PGPASSWORD=s3cret psql': 'PGPASSWORD=*** psql',
    'x https://ada:s3@cret@host/a b': 'x https://ada:***@host/a b',
    'x ada:s3cret@host': 'x ada:***@host',
    'x https://host/?token=t0k': 'x https://host/?token=***',
    'x -H "Authorization: Bearer t0k" https://host': 'x -H "Authorization: ***" https://host',
    'x -H Authorization: giantswarm t0k -X GET': 'x -H Authorization: *** -X GET',
    'x authorization:t0k': 'x authorization:***',
    'x -H "X-Api-Key: t0k': 'x -H "X-Api-Key: ***',
    'x Bearer t0kt0kt0k y': 'x Bearer *** y',
    'x eyJhbGciOiJIUzI1NiJ9.e30.c2ln y': 'x *** y',
    'x --pass\u0000word s3cret': 'x --password ***',
    'x --password\ts3cret\ty': 'x --password *** y',
    'x --password s3\u00a0cret y': 'x --password *** y',
  })
})

test('TRK-2 the value of -p is masked in a line that holds the word login', () => {
  assertScrubbed({
    'gsctl login a@b.c -ps3cret': 'gsctl login a@b.c -p***',
    'gsctl -e https://host login a@b.c -p s3cret': 'gsctl -e https://host login a@b.c -p ***',
    'gsctl login -p=s3cret a@b.c': 'gsctl login -p=*** a@b.c',
    'gsctl login -p "two words" a@b.c': 'gsctl login -p *** a@b.c',
    'gsctl login -p"two words" a@b.c': 'gsctl login -p*** a@b.c',
    'gsctl login "-p" s3cret a@b.c': 'gsctl login "-p" *** a@b.c',
    'gsctl -p s3cret login a@b.c': 'gsctl -p *** login a@b.c',
    'gsctl login -vp s3cret': 'gsctl login -vp ***',
    '/usr/bin/gsctl Login -p --token t0k': '/usr/bin/gsctl Login -p *** ***',
  })
})

test('TRK-3 the activity login masks everything after the first secret option', () => {
  const lines = [
    'gsctl login a@b.c -p two words --scheme x',
    'gsctl login --password two words',
    'gsctl x a@b.c -ptwo words',
    'gsctl a@b.c -v',
  ]
  const kept = lines.map(
    (commandLine) => readTracking({ requestId: undefined, activity: 'login', commandLine }).commandLine,
  )
  assert.deepEqual(kept, [
    'gsctl login a@b.c -p ***',
    'gsctl login --password ***',
    'gsctl x a@b.c -p***',
    'gsctl a@b.c -v',
  ])
})

test('TRK-4 a line without secrets is kept as it is', () => {
  const lines = [
    'gsctl list clusters --output=json -e https://host:8443/a?b=c',
    'gsctl create cluster --owner acme -p 22 --name "my cluster"',
    'ssh -p 2222 git@host',
    './größe --datei ä.txt \u{1f511}',
  ]
  assertScrubbed(Object.fromEntries(lines.map((line) => [line, line])))
})

test('TRK-5 the stored line is one printable line', () => {
  assertScrubbed({
    'a\r\nb\tc': 'a b c',
    '\u001b[31mred\u001b[0m \u001b]0;title\u0007x\u001b(B': 'red x',
    'a\u009b31mb\u0085c\u007fd': 'a31mbcd',
    'a\u202eb\u2066c\u200bd\u2028e\ufefff\ud800g': 'abcdefg',
  })
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(scrubCommandLine(text) ?? '', /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    }),
  )
})

test('TRK-6 at most 2 KiB of UTF-8 are kept, and no character is cut in two', () => {
  assert.deepEqual(
    ['', ' \t ', '\u001b[0m', '\u202e'].map((text) => scrubCommandLine(text)),
    [null, null, null, null],
  )
  const table: [string, number][] = [
    ['a', 2048],
    ['\u00e4', 1024],
    ['\u20ac', 682],
    ['\u{1f511}', 512],
  ]
  for (const [character, count] of table)
    assert.equal(scrubCommandLine(character.repeat(4000)), character.repeat(count))
  const long = `x --password "${'s3cret '.repeat(5000)}" ${'y '.repeat(5000)}`
  assert.equal(scrubCommandLine(long), 'x --password ***')
})

test('TRK-7 no secret is in the stored line, in any context', () => {
  const characters = [...'abcXYZ019!$%&/()=?+*#;,:.@<>|^~{}[]', '\u00e4', '\u20ac', '\u{1f511}', '\u00a0']
  const secret = fc
    .array(fc.constantFrom(...characters), { minLength: 5, maxLength: 40 })
    .map((parts) => `Q7${parts.join('')}7Q`)
  const around = fc.stringMatching(/^[ a-z0-9./\n-]{0,30}$/)
  const holders = fc.constantFrom<(text: string) => string>(
    (text) => `--password ${text}`,
    (text) => `--password=${text}`,
    (text) => `--auth-token "${text}"`,
    (text) => `-e https://host login a@b.c -p ${text}`,
    (text) => `login -p${text}`,
    (text) => `login -p='${text} ${text}'`,
    (text) => `https://ada:${text}@host/`,
  )
  fc.assert(
    fc.property(secret, fc.tuple(around, around), holders, (value, [before, after], hold) => {
      const kept = scrubCommandLine(`${before} ${hold(value)} ${after}`) ?? ''
      assert.ok(!kept.includes('7Q') && !kept.includes('Q7'), kept)
    }),
    { numRuns: 2000 },
  )
})

test('TRK-7 a secret that the cut would bare is not kept', () => {
  const filler = `--password ${'x'.repeat(7900)}`
  for (let width = 200; width < 300; width += 1) {
    const kept = scrubCommandLine(`${filler} ${'y'.repeat(width)} https://ada:Q7${'s'.repeat(400)}7Q@host/`) ?? ''
    assert.ok(!kept.includes('Q7'), kept)
  }
})

test('TRK-8 scrubbing a scrubbed line changes nothing', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.constantFrom('login', '-p', '--password', '=', ' ', '"', 'x', ':', '@', '\\', 'bearer', 'token', "'"),
      ),
      (parts) => {
        const once = scrubCommandLine(parts.join(' ')) ?? ''
        assert.equal(scrubCommandLine(once) ?? '', once)
      },
    ),
    { numRuns: 2000 },
  )
})

test('TRK-9 ids and activities are printable ASCII, cut at 128 characters', () => {
  const read = (text: string | undefined) => readTracking({ requestId: text, activity: text, commandLine: undefined })
  const table: [string | undefined, string | null][] = [
    [undefined, null],
    ['', null],
    ['  ', null],
    ['AbCdEfGhIjKlMn', 'AbCdEfGhIjKlMn'],
    [' list-organizations ', 'list-organizations'],
    ['a b', 'a b'],
    ['a\nb', null],
    ['\u00e4', null],
    ['a\u001b[0m', null],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(60_000), 'x'.repeat(128)],
  ]
  for (const [text, kept] of table) assert.deepEqual(read(text), { requestId: kept, activity: kept, commandLine: null })
})

test('TRK-10 reading the headers never fails, with any content', () => {
  const header = fc.option(fc.string({ unit: 'binary', maxLength: 3000 }), { nil: undefined })
  fc.assert(
    fc.property(header, header, header, (requestId, activity, commandLine) => {
      const kept = readTracking({ requestId, activity, commandLine })
      assert.ok((kept.requestId ?? '').length <= 128 && (kept.activity ?? '').length <= 128)
      assert.ok(Buffer.byteLength(kept.commandLine ?? '') <= 2048)
    }),
  )
})
