/** Platform tests: the keyring and the rotation of its keys. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import { Keyring } from '../../src/platform/keyring.ts'
import { createSigner } from '../../src/platform/signer.ts'
import { type RunningSallyport, runSallyport } from '../fixtures/run-sallyport.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

function openRing(sallyport: RunningSallyport): Keyring {
  const { store, sealer, clock } = sallyport.ports
  const rotation = { periodMs: 30 * dayMs, publishAheadMs: hourMs, longestTokenMs: 600_000 }
  return new Keyring({ store, sealer, clock, configured: [], rotation })
}

test('KEY-16 a new key is published before it signs, signs from its time on, and the old one stays past the longest token', async () => {
  const sallyport = await runSallyport()
  try {
    const ring = openRing(sallyport)
    const signer = createSigner({ keys: () => ring.material(), clock: sallyport.clock })
    const look = async (): Promise<{ published: number; signs: string }> => {
      await ring.refresh()
      const kids = ring.published().map(({ kid }) => kid)
      const { kid } = decodeProtectedHeader(await signer.sign('control', 'at+jwt', { exp: 1 }))
      return { published: kids.length, signs: kid === kids[0] ? 'old' : 'new' }
    }
    assert.deepEqual(await look(), { published: 1, signs: 'old' })
    sallyport.clock.advance(30 * dayMs - hourMs)
    assert.deepEqual(await look(), { published: 2, signs: 'old' })
    sallyport.clock.advance(hourMs)
    assert.deepEqual(await look(), { published: 2, signs: 'new' })
    sallyport.clock.advance(hourMs)
    assert.equal((await look()).published, 1)
  } finally {
    await sallyport.close()
  }
})

test('KEY-17 two processes that rotate at once create one key', async () => {
  const sallyport = await runSallyport()
  try {
    sallyport.clock.advance(31 * dayMs)
    const [one, other] = [openRing(sallyport), openRing(sallyport)]
    await Promise.all([one.refresh(), other.refresh()])
    const kids = (ring: Keyring): string[] => ring.published().map(({ kid }) => kid)
    assert.deepEqual([kids(one).length, kids(one)], [2, kids(other)])
  } finally {
    await sallyport.close()
  }
})
