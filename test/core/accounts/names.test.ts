/** Core tests: names and e-mail addresses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cleanUserAgent, isEmail, normaliseUsername } from '../../../src/core/accounts/names.ts'

test('NAM-1 a username is trimmed and otherwise kept as it was given', () => {
  const longest = '\u{1f511}'.repeat(255)
  const table = { ' ada ': 'ada', Ada: 'Ada', 'ada b': 'ada b', 'u\u0308ser': 'u\u0308ser', [`${longest} `]: longest }
  for (const [text, username] of Object.entries(table)) {
    assert.deepEqual(normaliseUsername(text), { kind: 'accepted', username })
  }
})

test('NAM-2 a username that is empty, too long, unprintable or holds a colon is refused', () => {
  const reasons = [
    ' ',
    '\u{1f511}'.repeat(256),
    'a'.repeat(100_000),
    'a\u0000b',
    'a\nb',
    'a\u202eb',
    'a\u200bb',
    'a\ud800',
    'a:b',
  ].map((text) => {
    const verdict = normaliseUsername(text)
    return verdict.kind === 'rejected' ? verdict.reason : verdict.kind
  })
  const tooLong = 'The username has more than 255 characters.'
  const unseen = 'The username holds characters that cannot be seen.'
  assert.deepEqual(reasons, [
    'The username is empty.',
    tooLong,
    tooLong,
    unseen,
    unseen,
    unseen,
    unseen,
    unseen,
    'The username holds a colon.',
  ])
})

test('NAM-3 an e-mail address has one @ between two parts and nothing that would need quotes', () => {
  const good = ['a@b', 'ada+ops@example.org', "o'hara@example.org", 'jürgen@exämple.org', `${'a'.repeat(250)}@b.c`]
  const bad = [
    '',
    '@',
    'a@',
    '@b',
    'a@b@c',
    'a b@c',
    'a\n@b',
    'a\u202e@b',
    '"a"@b',
    '<a@b>',
    'a:b@c',
    'a@b,c@d',
    `${'a'.repeat(251)}@b.c`,
  ]
  assert.deepEqual(
    { refused: good.filter((text) => !isEmail(text)), taken: bad.filter(isEmail) },
    { refused: [], taken: [] },
  )
})

test('NAM-4 a user agent is kept printable and short', () => {
  assert.equal(cleanUserAgent(undefined), '')
  assert.equal(cleanUserAgent('Mozilla/5.0\r\nX: y\u001b[31m \u202eevil'), 'Mozilla/5.0 X: y evil')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => {
      const kept = cleanUserAgent(text)
      assert.ok([...kept].length <= 256 && kept.isWellFormed() && !/[\p{Cc}\p{Cf}]/u.test(kept))
    }),
  )
  assert.equal(cleanUserAgent('\u{1f511}'.repeat(300)), '\u{1f511}'.repeat(256))
})
