/** Terminals: the screens' thread. It follows every recording in turns, because parsing output would block its thread. */
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { RecordFollower } from './record-follower.ts'
import type { ScreenReply, ScreenRequest, ScreenWorkerData } from './screen-messages.ts'
import { stepBack } from './step-back.ts'

/** How often it reports how far a session has come, while there is more to do. */
const reportEvery = { bytes: 1024 * 1024, ms: 50 } as const

/** Looks for screens that may free memory, four times within the time after which they may. */
const looksPerRest = 4

type Session = {
  readonly id: number
  readonly follower: RecordFollower
  readonly wantsKeyframes: boolean
  waiting: readonly { readonly request: number; readonly atLeast: number }[]
  reported: { seq: number; atMs: number }
  usedAtMs: number
  isReady: boolean
  isClosed: boolean
}

const port = parentPort
if (port === null) throw new Error('The screens run as a thread of the server.')

stepBack()
const { turnOf, restAfterMs } = workerData as ScreenWorkerData
const turn = new Int32Array(turnOf)
const sessions = new Map<number, Session>()
const ready: Session[] = []
let isRunning = false

const reply = (message: ScreenReply): void => port.postMessage(message)

function getReady(session: Session): void {
  if (session.isReady || session.isClosed || !session.follower.isBehind) return
  session.isReady = true
  ready.push(session)
  if (!isRunning) void takeTurns()
}

async function takeTurns(): Promise<void> {
  isRunning = true
  for (let session = ready.shift(); session !== undefined; session = ready.shift()) {
    session.isReady = false
    if (session.isClosed) continue
    Atomics.store(turn, 0, session.id)
    try {
      await session.follower.turn()
      broadcastParticipants(session)
      getReady(session)
    } catch (cause) {
      fail(session, cause)
    }
    Atomics.store(turn, 0, 0)
    // Requests are handled between two turns.
    await setImmediate()
  }
  isRunning = false
}

function broadcastParticipants(session: Session): void {
  if (session.isClosed) return
  const { follower, id, reported } = session
  const { seen } = follower.screen
  session.usedAtMs = performance.now()
  const isDue = seen - reported.seq >= reportEvery.bytes || session.usedAtMs - reported.atMs >= reportEvery.ms
  if (isDue || !follower.isBehind) {
    session.reported = { seq: seen, atMs: session.usedAtMs }
    reply({ kind: 'parsed', id, seq: seen })
  }
  const keyframe = session.wantsKeyframes ? follower.takeKeyframe() : null
  if (keyframe !== null) reply({ kind: 'keyframe', id, keyframe })
  answer(session)
}

function answer(session: Session): void {
  const { place } = session.follower.screen
  for (const { request, atLeast } of session.waiting) {
    if (atLeast > place) continue
    reply({ kind: 'snapshot', id: session.id, request, snapshot: session.follower.screen.snapshot() })
  }
  session.waiting = session.waiting.filter(({ atLeast }) => atLeast > place)
}

function fail(session: Session, cause: unknown): void {
  if (session.isClosed) return
  reply({ kind: 'failed', id: session.id, sentence: cause instanceof Error ? cause.message : String(cause) })
  close(session)
}

function close(session: Session): void {
  session.isClosed = true
  sessions.delete(session.id)
  void session.follower.close().catch(() => {})
}

/** A request about one session; an error ends that session's screen alone. */
function serve(id: number, work: (session: Session) => void): void {
  const session = sessions.get(id)
  if (session === undefined) return
  Atomics.store(turn, 0, id)
  try {
    work(session)
  } catch (cause) {
    fail(session, cause)
  }
  Atomics.store(turn, 0, 0)
}

const resting = setInterval(() => {
  const beforeMs = performance.now() - restAfterMs
  for (const { follower, id, isReady, usedAtMs } of sessions.values()) {
    if (usedAtMs <= beforeMs && !isReady) serve(id, () => follower.screen.rest())
  }
}, restAfterMs / looksPerRest)

port.on('message', (request: ScreenRequest) => {
  switch (request.kind) {
    case 'open':
      sessions.set(request.id, {
        id: request.id,
        follower: new RecordFollower(request.record, request.keyframes.from),
        wantsKeyframes: request.keyframes.wanted,
        waiting: [],
        reported: { seq: 0, atMs: 0 },
        usedAtMs: performance.now(),
        isReady: false,
        isClosed: false,
      })
      break
    case 'advance':
      for (const [id, position] of request.positions) {
        serve(id, (session) => {
          session.follower.advance(position)
          getReady(session)
        })
      }
      break
    case 'snapshot':
      serve(request.id, (session) => {
        session.waiting = [...session.waiting, request]
        answer(session)
      })
      break
    case 'close':
      serve(request.id, close)
      break
    case 'end':
      clearInterval(resting)
      for (const session of sessions.values()) close(session)
      port.close()
  }
})
