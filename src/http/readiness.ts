/** HTTP: the readiness of this node, with reasons from each of its parts. */

/** A reason for which the node is not fully ready. */
export type ReadinessReason = {
  /** The part of the node that reports it. */
  readonly part: 'disk'
  /** A stable name. */
  readonly code: string
  /** For the operator; holds no secret. */
  readonly sentence: string
  /** true: a proxy should use another node; false: only some requests fail. */
  readonly isBlocking: boolean
}

/** The answer of `GET /readyz`. */
export type ReadinessAnswer = {
  readonly status: 200 | 503
  readonly body: {
    /** `degraded`: most requests are served, and some are refused. */
    readonly status: 'ready' | 'degraded' | 'unready'
    readonly reasons: readonly Omit<ReadinessReason, 'isBlocking'>[]
  }
}

/** Returns the answer for the reasons of all parts. */
export function readinessAnswer(reasons: readonly ReadinessReason[]): ReadinessAnswer {
  const isUnready = reasons.some(({ isBlocking }) => isBlocking)
  const shown = reasons.map(({ part, code, sentence }) => ({ part, code, sentence }))
  const status = isUnready ? 'unready' : shown.length === 0 ? 'ready' : 'degraded'
  return { status: isUnready ? 503 : 200, body: { status, reasons: shown } }
}
