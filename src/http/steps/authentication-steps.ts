/** HTTP step: marks the steps that authenticate, so that only routes behind one of them read a large body. */
import type { FastifyRequest } from 'fastify'

/** A step of a route that runs before its body is read. */
type Step = (request: FastifyRequest) => Promise<void>

const authenticating = new WeakSet<object>()

/** Marks a step as one that refuses every request without a valid caller, and returns it. */
export function asAuthentication(step: Step): Step {
  authenticating.add(step)
  return step
}

/** Returns whether one of the steps of a route authenticates. */
export function hasAuthentication(steps: object | readonly object[] | undefined): boolean {
  return [steps ?? []].flat().some((step) => authenticating.has(step))
}
