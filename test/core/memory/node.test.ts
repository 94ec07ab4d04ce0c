import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { isRefusal } from '../../../src/core/errors.ts'
import type { TokenRecord } from '../../../src/core/memory/live-tokens.ts'
import { RevocationNode } from '../../../src/core/memory/node.ts'
import { type RevocationEntry, subject } from '../../../src/core/revocation/log.ts'
import type { LogRange } from '../../../src/core/store.ts'
import { verifyToken } from '../../../src/core/tokens/verify.ts'
import { account, session } from '../../fixtures/records.ts'
import { type TestClock, testClock } from '../../fixtures/run-sallyport.ts'

const startMs = 1_800_000_000_000
const now = startMs / 1000
const leaseMs = 1_000

/** A log and one token, as a store of another process would hold them. A reader sees everything that is committed by then. */
class SharedLog {
  entries: RevocationEntry[] = []
  isRevoked = false
  reads = 0
  /** Runs after a read has looked and before its answer arrives. */
  meanwhile: () => void = () => undefined

  append(kind: 'session' | 'account_epoch', text: string): RevocationEntry {
    const entry = { seq: this.entries.length + 1, tag: `tag ${this.entries.length}`, kind, subject: text, atMs: 0 }
    this.entries.push(entry)
    return entry
  }

  logHead = async (): Promise<{ seq: number; tag: string }> => this.entries.at(-1) ?? { seq: 0, tag: '' }

  log = async (position: { seq: number; tag: string }): Promise<LogRange> => {
    const known = this.entries[position.seq - 1]
    if (position.seq > 0 && known?.tag !== position.tag) return { kind: 'history-changed' }
    return { kind: 'entries', entries: this.entries.slice(position.seq) }
  }

  token = async (): Promise<TokenRecord> => {
    this.reads += 1
    const record: TokenRecord = {
      tokenRow: 1,
      accessDigest: new Uint8Array(createHash('sha256').update('token').digest()),
      tokenExpiresAt: null,
      tokenRevokedSeq: null,
      boundIp: null,
      session: session({
        row: 7,
        accountId: 1,
        lastSeenAt: now,
        createdAt: now,
        expiresAt: null,
        revokedSeq: this.isRevoked ? 1 : null,
      }),
      account: account({ id: 1 }),
    }
    const { meanwhile } = this
    this.meanwhile = () => undefined
    meanwhile()
    return record
  }
}

type Scene = { log: SharedLog; clock: TestClock; node: RevocationNode; verify: () => Promise<string> }

async function openScene(): Promise<Scene> {
  const log = new SharedLog()
  const clock = testClock(startMs)
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const node = new RevocationNode({ clock, store: log, log: silent, leaseMs, maxTokens: 10 })
  await node.join()
  const digests = {
    sha256: (value: string | Uint8Array) => new Uint8Array(createHash('sha256').update(value).digest()),
    equal: () => false,
    keyed: () => new Uint8Array(),
  }
  const verify = async (): Promise<string> => {
    try {
      await verifyToken({ clock, digests, node }, 'token', () => null)
      return 'accepted'
    } catch (cause) {
      return isRefusal(cause) ? cause.code : String(cause)
    }
  }
  return { log, clock, node, verify }
}

test('REV-4 a session that ended while it was read is read again, and refused', async () => {
  const { log, node, verify } = await openScene()
  log.meanwhile = () => {
    log.isRevoked = true
    void node.receive([log.append('session', subject.session(7))])
  }
  assert.deepEqual([await verify(), log.reads], ['TOKEN_REVOKED', 2])
})

test('REV-4 what ends another session meanwhile does not cause a second read', async () => {
  const { log, node, verify } = await openScene()
  log.meanwhile = () => void node.receive([log.append('session', subject.session(8))])
  assert.deepEqual([await verify(), log.reads], ['accepted', 1])
})

test('REV-5 an entry without a notification is seen at the first use after the lease', async () => {
  const { log, clock, verify } = await openScene()
  assert.equal(await verify(), 'accepted')
  log.append('session', subject.session(7))
  log.isRevoked = true
  clock.advance(leaseMs - 1)
  assert.equal(await verify(), 'accepted', 'within the lease, as no answer was given yet')
  clock.advance(1)
  assert.equal(await verify(), 'TOKEN_REVOKED')
})

test('REV-5 a store that cannot be read makes a use after the lease fail, never pass', async () => {
  const { log, clock, verify } = await openScene()
  assert.equal(await verify(), 'accepted')
  clock.advance(leaseMs)
  log.log = () => Promise.reject(new Error('the disk is gone'))
  assert.notEqual(await verify(), 'accepted')
})

test('REV-6 entries of another process between our own are applied in order, and none twice', async () => {
  const { log, node, verify } = await openScene()
  assert.equal(await verify(), 'accepted')
  log.append('session', subject.session(7))
  log.isRevoked = true
  const ours = log.append('session', subject.session(9))
  await node.receive([ours])
  assert.deepEqual([await verify(), node.position.seq], ['TOKEN_REVOKED', 2])
  await node.receive([ours])
  assert.equal(node.position.seq, 2)
})

test('REV-7 a log that was restored to another history drops what memory held', async () => {
  const { log, node, verify } = await openScene()
  await node.receive([log.append('session', subject.session(8))])
  assert.equal(await verify(), 'accepted')
  log.entries = [{ seq: 1, tag: 'of the restored log', kind: 'session', subject: subject.session(7), atMs: 0 }]
  log.isRevoked = true
  await node.renew()
  assert.deepEqual([await verify(), log.reads], ['TOKEN_REVOKED', 2])
})
