/** Main: why a PTY session has no recording; it was taken away, unless the store tells another reason. */
import type { Reads } from '../core/store.ts'
import { policyOf } from '../core/terminals/policy-of.ts'
import type { PtySession } from '../core/terminals/server.ts'
import type { TerminalSettings } from '../core/wiring.ts'
import { keptUntil } from '../terminals/recording/retention.ts'

/** A terminal that is older is recorded: its HELLO comes within 5 s, and its recorder answers within 15 s. */
const longestOpeningMs = 60_000

/** Rows and events that are read at once. */
const pageLength = 1_000

/** Reasons that a PTY session ends for before it is recorded; those that end a recorded one too name nobody then. */
const refusedBeforeRecorded: readonly unknown[] = ['never-opened', 'recorder-failed', 'access-changed', 'access-denied']

/** Why there is none. */
export type Absence =
  /** It should be there. `keptUntilMs`: null: not known any more, because server or change request are gone. */
  | { readonly kind: 'missing'; readonly ptySession: PtySession; readonly keptUntilMs: number | null }
  /** The server removed it, and wrote that down. */
  | { readonly kind: 'removed'; readonly atMs: number }
  /** Its time is over by the rules of now. */
  | { readonly kind: 'over'; readonly keptUntilMs: number }
  | { readonly kind: 'never-recorded' | 'opening' }

/** What is asked why there is no recording. */
export type AbsencePorts = {
  readonly store: Pick<Reads, 'policy' | 'serverByName' | 'changeById' | 'auditEvents'>
  readonly settings: { readonly terminals: TerminalSettings }
}

/** Returns every PTY session that the store knows, newest first, in pages. */
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

/** Tells whether the event of a number can be relied on. */
export type IsProven = (seq: number) => boolean

/** When it is asked, and how the server's chain is proved; that is done only if something seems to be missing. */
export type AbsenceFacts = {
  /** Unix milliseconds, of a moment before the store was asked. */
  readonly nowMs: number
  readonly proveTrail: () => Promise<IsProven>
}

/**
 * Tells of PTY sessions that have no recording why that is; each as the store had it before its file was looked for.
 *
 * @returns one for each, in their order.
 */
export async function explainAbsences(
  ports: AbsencePorts,
  absent: readonly PtySession[],
  { nowMs, proveTrail }: AbsenceFacts,
): Promise<readonly Absence[]> {
  const monthsOf = rememberMonths(ports)
  const absences: Absence[] = []
  for (const ptySession of absent) absences.push(await explain(ptySession, { nowMs, monthsOf }))
  const isSuspect = absences.some(({ kind }) => kind === 'missing')
  const told: ReadonlyMap<string, Absence> = isSuspect
    ? await absencesOnTrail(ports.store, await proveTrail())
    : new Map()
  return absences.map((absence) =>
    absence.kind === 'missing' ? (told.get(absence.ptySession.id) ?? absence) : absence,
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

/** The head of a record says how long it is kept, and is gone with it: what is left are the rules of now. */
function rememberMonths({ store, settings }: AbsencePorts): MonthsOf {
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

/** An event as the trail keeps it. */
type TrailEvent = {
  readonly at: string
  readonly action: string
  readonly subject?: string
  readonly account?: number
  readonly detail?: { readonly reason?: unknown }
}

const subjectStart = 'pty_session:'

/**
 * Only the server's own chain is believed: nothing else removes recordings, or opens terminals. Of it only what is proved:
 * whoever takes a recording away can write an event too.
 */
async function absencesOnTrail(
  store: Pick<Reads, 'auditEvents'>,
  isProven: IsProven,
): Promise<ReadonlyMap<string, Absence>> {
  const told = new Map<string, Absence>()
  let afterSeq = 0
  for (;;) {
    const events = await store.auditEvents('server', { afterSeq, limit: pageLength })
    for (const { seq, text } of events) {
      afterSeq = seq
      // Most events are of something else, and need not be parsed.
      if (!text.includes(`"${subjectStart}`) || !isProven(seq)) continue
      const event = JSON.parse(text) as TrailEvent
      const absence = absenceToldBy(event)
      if (absence !== null) told.set(event.subject?.slice(subjectStart.length) ?? '', absence)
    }
    if (events.length === 0) return told
  }
}

function absenceToldBy({ action, at, account, detail }: TrailEvent): Absence | null {
  if (action === 'recording-remove') return { kind: 'removed', atMs: Date.parse(at) }
  // Whoever was refused before the recorder began is named; the same end of a terminal that ran is nobody's act.
  const isRefusal = action === 'pty-end' && account !== undefined && refusedBeforeRecorded.includes(detail?.reason)
  return isRefusal ? { kind: 'never-recorded' } : null
}
