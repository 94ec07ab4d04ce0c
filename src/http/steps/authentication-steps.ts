/** HTTP step: knows which steps judge the caller, so that only behind one of them a large body is read. */
import type { FastifyRequest } from 'fastify'

/** A step of a route, before its body is read. */
type Step = (request: FastifyRequest) => Promise<void>

const judging = new WeakSet<object>()

/** Returns a step that refuses everybody whom it does not know, and makes that known. */
export function asAuthentication(step: Step): Step {
  judging.add(step)
  return step
}

/** Tells whether one of the steps of a route judges its caller. */
export function hasAuthentication(steps: object | readonly object[] | undefined): boolean {
  return [steps ?? []].flat().some((step) => judging.has(step))
}
