/** Main: why a PTY session has no recording. Without a reason in the store, the recording is missing. */
import type { Reads } from '../core/store.ts'
import { policyOf } from '../core/terminals/policy-of.ts'
import type { PtySession } from '../core/terminals/server.ts'
import type { TerminalSettings } from '../core/wiring.ts'
import { keptUntil } from '../terminals/recording/retention.ts'

/** An older terminal has a recording: its HELLO comes within 5 s, and its recorder answers within 15 s. */
const longestOpeningMs = 60_000

/** Rows and events per read. */
const pageLength = 1_000

/** End reasons of a PTY session that was not recorded. A recorded session may have them too, but then without an account. */
const refusedBeforeRecorded: readonly unknown[] = ['never-opened', 'recorder-failed', 'access-changed', 'access-denied']

/** The reason. */
export type Absence =
  /** It should exist. `keptUntilMs`: null: unknown, because the server or the change request was removed. */
  | { readonly kind: 'missing'; readonly ptySession: PtySession; readonly keptUntilMs: number | null }
  /** The server removed it, with an audit event. */
  | { readonly kind: 'removed'; readonly atMs: number }
  /** Its retention is over by the present policies. */
  | { readonly kind: 'over'; readonly keptUntilMs: number }
  | { readonly kind: 'never-recorded' | 'opening' }

/** The sources of the reasons. */
export type AbsencePorts = {
  readonly store: Pick<Reads, 'policy' | 'serverByName' | 'changeById' | 'auditEvents'>
  readonly settings: { readonly terminals: TerminalSettings }
}

/** Returns every PTY session of the store in pages, newest first. */
export async function* everyPtySession(store: Pick<Reads, 'ptySessions'>): AsyncGenerator<readonly PtySession[]> {
  const names = { state: null, purpose: null, changeId: null, serverName: null }
  const filter = { ...names, startedByAccountId: null, reach: null, createdFromMs: null, createdToMs: null }
  let before: { readonly createdAtMs: number; readonly id: string } | null = null
  for (;;) {
    const page: readonly PtySession[] = await store.ptySessions(filter, { limit: pageLength, before })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    before = { createdAtMs: last.createdAtMs, id: last.id }
  }
}

/** Returns whether the event with a number is proven. */
export type IsProven = (seq: number) => boolean

/** The moment of the question, and the proof of the server's chain, which is needed only if something seems missing. */
export type AbsenceFacts = {
  /** Unix milliseconds, before the store was read. */
  readonly nowMs: number
  readonly proveTrail: () => Promise<IsProven>
}

/**
 * Returns the reason of each PTY session without a recording, in their order.
 *
 * @param absent as the store had them before their files were looked for.
 */
export async function explainAbsences(
  ports: AbsencePorts,
  absent: readonly PtySession[],
  { nowMs, proveTrail }: AbsenceFacts,
): Promise<readonly Absence[]> {
  const monthsOf = cacheMonths(ports)
  const absences: Absence[] = []
  for (const ptySession of absent) absences.push(await explain(ptySession, { nowMs, monthsOf }))
  const isSuspect = absences.some(({ kind }) => kind === 'missing')
  const proven: ReadonlyMap<string, Absence> = isSuspect
    ? await absencesOnTrail(ports.store, await proveTrail())
    : new Map()
  return absences.map((absence) =>
    absence.kind === 'missing' ? (proven.get(absence.ptySession.id) ?? absence) : absence,
  )
}

type MonthsOf = (ptySession: PtySession) => Promise<number | null>

async function explain(
  ptySession: PtySession,
  { nowMs, monthsOf }: { readonly nowMs: number; readonly monthsOf: MonthsOf },
): Promise<Absence> {
  const { state, activeAtMs, endReason } = ptySession
  if (activeAtMs === null || endReason === 'never-opened') return { kind: 'never-recorded' }
  if (state === 'active' && nowMs - activeAtMs < longestOpeningMs) return { kind: 'opening' }
  const months = await monthsOf(ptySession)
  const keptUntilMs = months === null ? null : keptUntil(activeAtMs, months)
  if (keptUntilMs !== null && keptUntilMs <= nowMs) return { kind: 'over', keptUntilMs }
  return { kind: 'missing', ptySession, keptUntilMs }
}

/** The retention stands in the head of the recording, which is missing too. So the present policies count. */
function cacheMonths({ store, settings }: AbsencePorts): MonthsOf {
  const months = new Map<string, number | null>()
  const read: MonthsOf = async ({ serverName, changeId, purpose }) => {
    const server = await store.serverByName(serverName)
    const change = changeId === null ? null : await store.changeById(changeId)
    if (server === null || (changeId !== null && change === null)) return null
    return (await policyOf(store, { server, change, purpose }, settings.terminals)).retentionMonths
  }
  return async (ptySession) => {
    const { serverName, changeId, purpose } = ptySession
    const key = JSON.stringify([serverName, changeId, purpose])
    const known = months.get(key)
    if (known !== undefined) return known
    const found = await read(ptySession)
    months.set(key, found)
    return found
  }
}

/** The stored text of an event. */
type TrailEvent = {
  readonly at: string
  readonly action: string
  readonly subject?: string
  readonly account?: number
  readonly detail?: { readonly reason?: unknown }
}

const subjectStart = 'pty_session:'

/**
 * Reads only the server's chain, because only the server removes recordings and opens terminals, and only proven events:
 * an attacker who removes a recording can also write an event.
 */
async function absencesOnTrail(
  store: Pick<Reads, 'auditEvents'>,
  isProven: IsProven,
): Promise<ReadonlyMap<string, Absence>> {
  const found = new Map<string, Absence>()
  let afterSeq = 0
  for (;;) {
    const events = await store.auditEvents('server', { afterSeq, limit: pageLength })
    for (const { seq, text } of events) {
      afterSeq = seq
      // Most events have another subject and need no parsing.
      if (!text.includes(`"${subjectStart}`) || !isProven(seq)) continue
      const event = JSON.parse(text) as TrailEvent
      const absence = absenceOf(event)
      if (absence !== null) found.set(event.subject?.slice(subjectStart.length) ?? '', absence)
    }
    if (events.length === 0) return found
  }
}

function absenceOf({ action, at, account, detail }: TrailEvent): Absence | null {
  if (action === 'recording-remove') return { kind: 'removed', atMs: Date.parse(at) }
  // A refusal before the recording names the account. The same end of a recorded terminal names none.
  const isRefusal = action === 'pty-end' && account !== undefined && refusedBeforeRecorded.includes(detail?.reason)
  return isRefusal ? { kind: 'never-recorded' } : null
}
