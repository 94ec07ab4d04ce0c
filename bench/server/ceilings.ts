/** Bench: the ceilings: routes of the same application that do only what every server of this kind must do. */
import { Worker } from 'node:worker_threads'
import type { AuditEvent } from '../../src/core/audit/event.ts'
import type { Ports } from '../../src/core/wiring.ts'
import type { App } from '../../src/http/context.ts'
import { GroupCommit } from '../../src/stores/sqlite/group-commit.ts'
import { accessTokenOf, uuidOf } from '../seed/tokens.ts'

/** Answers with the headers of a verification, without a check. */
export function addBareVerify(app: App): void {
  app.get('/bench/verify', (_request, reply) => {
    const { raw } = reply
    raw.setHeader('x-auth-account', 1)
    raw.setHeader('x-auth-username', 'account-1')
    raw.setHeader('x-auth-groups', 'ops')
    return reply.send()
  })
}

/** Bytes of a sealed answer: the answer, a nonce and a tag. */
const sealedBytes = 900

/**
 * Answers a refresh with a text of the right length after the same kind of group commit has written the rows of a refresh.
 * It reads, decides, signs and seals nothing. Returns the function that closes it.
 */
export function addBareRefresh(app: App, ports: Ports, dataDir: string): () => Promise<void> {
  let writer: Promise<GroupCommit> | null = null
  const digest = new Uint8Array(32)
  const sealedAnswer = new Uint8Array(sealedBytes)
  const accessToken = accessTokenOf(1)
  const audit: AuditEvent = {
    ...{ by: 'control', ip: '127.0.0.1', requestId: null, activity: null, commandLine: null, atMs: 1_767_366_245_000 },
    ...{ accountId: 1, username: 'account-1', outcome: 'ok', action: 'refresh' },
    subject: `session:${uuidOf('session', 1)}`,
  }
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    done(null, JSON.parse(body as string))
  })
  app.post<{ Body: { refresh_token: string } }>('/bench/refresh', async (request, reply) => {
    writer ??= startBareWriter(dataDir)
    const commits = await writer
    const [row, session] = request.body.refresh_token.split('.')
    const nowMs = Date.now()
    const end = Math.floor(nowMs / 1000) + 3_600
    const successor = ports.store.nextRow('token')
    await commits.execute('exchangeToken', {
      mode: 'refresh',
      tokenRow: Number(row),
      presentedDigest: digest,
      successor: {
        ...{ row: successor, sessionRow: Number(session), accessDigest: digest, isIndexed: false, boundIp: null },
        ...{ issuedAt: end, expiresAt: end, refreshDigest: digest, refreshExpiresAt: end },
      },
      sealedAnswer,
      maxLiveTokens: 8,
      presentedEndsAt: null,
      nowMs,
      audit,
    })
    reply.raw.setHeader('cache-control', 'no-store')
    return reply.header('content-type', 'application/json').send(
      Buffer.from(
        JSON.stringify({
          session_id: uuidOf('session', 1),
          access_token: accessToken,
          token_type: 'Bearer',
          expires_at: '2026-01-02T15:14:05.000Z',
          refresh_token: `${successor}.${session}`,
          refresh_expires_at: '2026-01-02T16:04:05.000Z',
        }),
      ),
    )
  })
  return async () => (await writer)?.close()
}

/** Starts the writer with the first request, so that other scenarios have no such thread. */
async function startBareWriter(dataDir: string): Promise<GroupCommit> {
  const worker = new Worker(new URL('./bare-writer.ts', import.meta.url), { workerData: `${dataDir}/sallyport.db` })
  const commits = new GroupCommit(worker)
  await commits.ready()
  return commits
}
