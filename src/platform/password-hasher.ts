/** Platform: hashes passwords with argon2id in a bounded pool of threads, so that sign-ins do not slow other work. */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { FairQueue, ownPlace, type Place } from '../core/accounts/fair-queue.ts'
import { Refusal } from '../core/errors.ts'
import type { PasswordHasher } from '../core/ports.ts'
import type { HashParameters, HashTask } from './hash-worker.ts'

/** OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane. */
const defaultParameters: HashParameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Most waiting tasks: at about 15 ms each, one thread needs a second and a half for them. */
const defaultMaxQueue = 100

/** Retry-After of a refused caller: about the time in which a full queue empties. */
const retryAfterSeconds = 2

/** Most that a stored hash may cost, 1 GiB and 32 passes: a damaged row must not choose the cost of a sign-in. */
const limits: HashParameters = { memoryCost: 1_048_576, timeCost: 32, parallelism: 16 }

const phcPattern = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,4}),p=(\d{1,3})\$[A-Za-z0-9+/]{11,}\$[A-Za-z0-9+/]{16,}$/

/** Options of the pool. */
export type PasswordHasherOptions = {
  /** Threads that hash; by default one less than the machine has cores, at least one. */
  readonly threads?: number
  /** Tasks that may wait besides the running ones; by default 100. */
  readonly maxQueue?: number
  /** Parameters of a new hash and of a decoy; by default 19 MiB and two passes. */
  readonly parameters?: HashParameters
}

/** A hasher that owns threads. */
export type PooledPasswordHasher = PasswordHasher & {
  /** Hashes so far, decoys included. */
  readonly calls: () => number
  /** Accepts no more, finishes running tasks and ends the threads. */
  readonly close: () => Promise<void>
}

/** Starts a hasher. A thread starts with the first task that needs it, and does not keep the process alive. */
export function createPasswordHasher(options: PasswordHasherOptions = {}): PooledPasswordHasher {
  const threads = options.threads ?? Math.max(1, availableParallelism() - 1)
  const parameters = options.parameters ?? defaultParameters
  const queue = new FairQueue<Waiting>(options.maxQueue ?? defaultMaxQueue)
  const decoy = decoyPhc(parameters)
  const pool: Piscina<HashTask, string | boolean> = new Piscina({
    filename: new URL('./hash-worker.ts', import.meta.url).href,
    name: 'runHashTask',
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: Number.POSITIVE_INFINITY,
  })
  const promised = new Set<Promise<unknown>>()
  let idleThreads = threads
  let isClosed = false
  let calls = 0

  function run(task: HashTask, place: Place): Promise<string | boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<string | boolean>()
    const waiting: Waiting = { task, resolve, refuse: () => reject(queueFull()) }
    if (isClosed) waiting.refuse()
    else if (idleThreads > 0) begin(waiting)
    else queue.add(place, waiting)?.refuse()
    promised.add(promise)
    const forget = (): boolean => promised.delete(promise)
    promise.then(forget, forget)
    return promise
  }

  function begin({ task, resolve }: Waiting): void {
    idleThreads -= 1
    calls += 1
    const result = pool.run(task)
    resolve(result)
    result.then(beginNext, beginNext)
  }

  function beginNext(): void {
    idleThreads += 1
    const next = queue.take()
    if (next !== undefined) begin(next)
  }

  return {
    hash: async (password) => String(await run({ kind: 'hash', password, parameters }, ownPlace)),
    verify: async (phc, password, place = ownPlace) => {
      const isRight = await run({ kind: 'verify', password, phc: isUsable(phc) ? phc : decoy, decoy }, place)
      return isRight === true && phc !== null
    },
    needsRehash: (phc) => isWeaker(phc, parameters),
    calls: () => calls,
    close: async () => {
      isClosed = true
      // The pool's own close would end tasks whose thread has not started yet.
      await Promise.allSettled(promised)
      await pool.destroy()
    },
  }
}

/** A task that waits for a thread. */
type Waiting = {
  readonly task: HashTask
  readonly resolve: (result: Promise<string | boolean>) => void
  readonly refuse: () => void
}

function queueFull(): Refusal {
  return new Refusal('HASH_QUEUE_FULL', { retryAfterSeconds })
}

function isUsable(phc: string | null): phc is string {
  const found = phc === null ? null : parametersOf(phc)
  if (found === null) return false
  const { memoryCost, timeCost, parallelism } = found
  return memoryCost <= limits.memoryCost && timeCost <= limits.timeCost && parallelism <= limits.parallelism
}

function isWeaker(phc: string, parameters: HashParameters): boolean {
  const found = parametersOf(phc)
  return found === null || found.memoryCost < parameters.memoryCost || found.timeCost < parameters.timeCost
}

function parametersOf(phc: string): HashParameters | null {
  const match = phcPattern.exec(phc)
  if (match === null) return null
  return { memoryCost: Number(match[1]), timeCost: Number(match[2]), parallelism: Number(match[3]) }
}

/** Returns a PHC string without a password that costs exactly what a real one does. */
function decoyPhc({ memoryCost, timeCost, parallelism }: HashParameters): string {
  const base64 = (length: number): string => randomBytes(length).toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${base64(16)}$${base64(32)}`
}
