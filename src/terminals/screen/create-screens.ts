/** Terminals: the screens as the main thread sees them. If their thread dies, answers are lost, but no session. */
import { Worker } from 'node:worker_threads'
import type { Log } from '../../core/ports.ts'
import type { RecordPosition } from '../recording/recorder.ts'
import type { Screen, Screens, Snapshot, ToFollow } from './screen.ts'
import type { ScreenReply, ScreenRequest, ScreenWorkerData } from './screen-messages.ts'

/** After 15 s without output, a screen frees most of its memory: some 200 to 500 KiB of it, except 10 to 30. */
const restAfterMs = 15_000

/**
 * A session that was processed when the thread died is tried once more; a second death ends its screen. All screens end
 * if threads die without processing any session.
 */
const mostDeaths = 2

/** Milliseconds between two checks of how far recordings have come; a caller that asks for a screen does not wait for the next. */
const advanceEveryMs = 100

/**
 * Memory of the thread, in MiB: a screen that grows too much ends the thread, not the server. Little of what parsing
 * allocates survives, so a small young generation costs no time, and saves 15 MB.
 */
const threadMiB = { all: 1_024, young: 4 } as const

/** The ports of the screens; `startWorker` starts their thread (tests replace it). */
export type ScreensParts = {
  readonly log: Log
  readonly startWorker?: (data: ScreenWorkerData) => Worker
}

type Pending = { readonly resolve: (snapshot: Snapshot) => void; readonly reject: (cause: Error) => void }

type Followed = {
  readonly id: number
  readonly record: ToFollow
  position: RecordPosition
  parsedSeq: number
  keyframesFrom: number
  deaths: number
  /** Why it is no longer followed; null while it is. */
  ended: string | null
  readonly pending: Map<number, Pending>
}

/** Creates the screens; their thread starts with the first session. */
export function createScreens({ log, startWorker = startThread }: ScreensParts): Screens {
  const screens = new Threaded(log, startWorker)
  return { follow: (record) => screens.follow(record), close: () => screens.close() }
}

function startThread(workerData: ScreenWorkerData): Worker {
  return new Worker(new URL('./screen-worker.ts', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: threadMiB.all, maxYoungGenerationSizeMb: threadMiB.young },
  })
}

class Threaded {
  readonly #log: Log
  readonly #startWorker: (data: ScreenWorkerData) => Worker
  readonly #turn = new Int32Array(new SharedArrayBuffer(4))
  readonly #followed = new Map<number, Followed>()
  readonly #advanced = new Set<Followed>()
  #worker: Worker | null = null
  #exited: Promise<void> = Promise.resolve()
  #isClosed = false
  #deathsInSilence = 0
  #requests = 0
  #ids = 0

  constructor(log: Log, startWorker: (data: ScreenWorkerData) => Worker) {
    this.#log = log
    this.#startWorker = startWorker
  }

  follow(record: ToFollow): Screen {
    if (this.#isClosed) throw new Error('The screens are closed.')
    this.#ids += 1
    const followed: Followed = {
      id: this.#ids,
      record,
      position: { length: 0, seq: 0 },
      parsedSeq: 0,
      keyframesFrom: 0,
      deaths: 0,
      ended: null,
      pending: new Map(),
    }
    this.#followed.set(followed.id, followed)
    if (this.#worker === null) this.#start()
    else this.#open(followed)
    return {
      advance: (position) => this.#advance(followed, position),
      // Ends the wait for a screen that does not advance.
      parsedSeq: () => (followed.ended === null ? followed.parsedSeq : followed.position.seq),
      snapshot: (atLeast = 0) => this.#snapshot(followed, atLeast),
      close: () => this.#close(followed),
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const followed of this.#followed.values()) this.#end(followed, 'The screens are closed.')
    this.#worker?.ref()
    this.#post({ kind: 'end' })
    await this.#exited
  }

  #start(): void {
    const worker = this.#startWorker({ turnOf: this.#turn.buffer, restAfterMs })
    this.#worker = worker
    worker.on('message', (reply: ScreenReply) => this.#hear(reply))
    worker.on('error', (cause) => this.#log.error({ error: sentenceOf(cause) }, 'the thread of the screens failed'))
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        if (this.#worker === worker) this.#worker = null
        if (!this.#isClosed) this.#revive()
        resolve()
      })
    })
    for (const followed of this.#followed.values()) this.#open(followed)
    this.#refWhileAsked()
  }

  #open(followed: Followed): void {
    if (followed.ended !== null) return
    const { id, keyframesFrom, position, record } = followed
    const { cols, onKeyframe, path, rows } = record
    const keyframes = { wanted: onKeyframe !== undefined, from: keyframesFrom }
    this.#post({ kind: 'open', id, record: { path, cols, rows }, keyframes })
    if (position.length > 0) this.#post({ kind: 'advance', positions: [[id, position]] })
  }

  /** Sessions are opened again from the start of their recordings, except the one that the thread died on twice. */
  #revive(): void {
    const culprit = Atomics.exchange(this.#turn, 0, 0)
    this.#log.error({ sessions: this.#followed.size }, 'the thread of the screens is gone; a new one takes over')
    if (culprit === 0) this.#deathsInSilence += 1
    for (const followed of this.#followed.values()) {
      this.#reject(followed, 'The thread of the screens has died.')
      if (culprit === followed.id) followed.deaths += 1
      if (followed.deaths >= mostDeaths) this.#giveUp(followed, 'its turn ended the thread of the screens')
      if (this.#deathsInSilence >= mostDeaths) this.#giveUp(followed, 'the thread of the screens does not start')
    }
    if ([...this.#followed.values()].some(({ ended }) => ended === null)) this.#start()
  }

  #hear(reply: ScreenReply): void {
    this.#deathsInSilence = 0
    const followed = this.#followed.get(reply.id)
    if (followed === undefined) return
    switch (reply.kind) {
      case 'parsed':
        followed.parsedSeq = Math.max(followed.parsedSeq, reply.seq)
        break
      case 'snapshot':
        followed.pending.get(reply.request)?.resolve(reply.snapshot)
        followed.pending.delete(reply.request)
        this.#refWhileAsked()
        break
      case 'keyframe':
        followed.keyframesFrom = Math.max(followed.keyframesFrom, reply.keyframe.seq)
        followed.record.onKeyframe?.(reply.keyframe)
        break
      case 'failed':
        this.#giveUp(followed, reply.sentence)
    }
  }

  /**
   * One message carries all positions of a while, because waking the thread costs more than parsing a little output.
   */
  #advance(followed: Followed, position: RecordPosition): void {
    followed.position = position
    if (followed.ended !== null) return
    if (this.#advanced.size === 0) setTimeout(() => this.#postPositions(), advanceEveryMs).unref()
    this.#advanced.add(followed)
  }

  #postPositions(): void {
    if (this.#advanced.size === 0) return
    this.#post({ kind: 'advance', positions: [...this.#advanced].map(({ id, position }) => [id, position]) })
    this.#advanced.clear()
  }

  #snapshot(followed: Followed, atLeast: number): Promise<Snapshot> {
    if (followed.ended !== null) return Promise.reject(new Error(`There is no screen: ${followed.ended}`))
    this.#postPositions()
    this.#requests += 1
    const request = this.#requests
    return new Promise((resolve, reject) => {
      followed.pending.set(request, { resolve, reject })
      this.#refWhileAsked()
      this.#post({ kind: 'snapshot', id: followed.id, request, atLeast })
    })
  }

  #close(followed: Followed): void {
    if (!this.#followed.has(followed.id)) return
    this.#end(followed, 'It is closed.')
    this.#post({ kind: 'close', id: followed.id })
  }

  #giveUp(followed: Followed, why: string): void {
    if (followed.ended !== null) return
    followed.ended = why
    this.#log.error({ record: followed.record.path, error: why }, 'a screen is followed no further')
    this.#reject(followed, why)
  }

  #end(followed: Followed, why: string): void {
    followed.ended = why
    this.#followed.delete(followed.id)
    this.#advanced.delete(followed)
    this.#reject(followed, why)
  }

  #reject(followed: Followed, why: string): void {
    for (const { reject } of followed.pending.values()) reject(new Error(why))
    followed.pending.clear()
    this.#refWhileAsked()
  }

  /** The thread keeps the process alive only while a caller waits for it. */
  #refWhileAsked(): void {
    const isAsked = [...this.#followed.values()].some(({ pending }) => pending.size > 0)
    if (isAsked) this.#worker?.ref()
    else if (!this.#isClosed) this.#worker?.unref()
  }

  #post(request: ScreenRequest): void {
    this.#worker?.postMessage(request)
  }
}

function sentenceOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
