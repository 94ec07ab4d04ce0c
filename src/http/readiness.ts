/** HTTP: whether this node takes all of its work, and why not; each part of the node names its own reasons. */

/** A reason for which the node does less than it could. */
export type ReadinessReason = {
  /** The part of the node that it lies in. */
  readonly part: 'disk'
  /** A stable name. */
  readonly code: string
  /** For the operator; holds no secret. */
  readonly sentence: string
  /** Whether requests are better sent elsewhere; else only a part of the work is not done. */
  readonly isBlocking: boolean
}

/** What `GET /readyz` answers. */
export type ReadinessAnswer = {
  readonly status: 200 | 503
  readonly body: {
    /** `degraded`: requests are served, and something is not done. */
    readonly status: 'ready' | 'degraded' | 'unready'
    readonly reasons: readonly Omit<ReadinessReason, 'isBlocking'>[]
  }
}

/** Returns the answer for the reasons of all parts. */
export function readinessAnswer(reasons: readonly ReadinessReason[]): ReadinessAnswer {
  const isUnready = reasons.some(({ isBlocking }) => isBlocking)
  const told = reasons.map(({ part, code, sentence }) => ({ part, code, sentence }))
  const status = isUnready ? 'unready' : told.length === 0 ? 'ready' : 'degraded'
  return { status: isUnready ? 503 : 200, body: { status, reasons: told } }
}
