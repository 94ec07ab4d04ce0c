/** Core: what a running server does by itself: in bounded steps, outside requests. */
import { keepThrottleTime } from './accounts/throttle-time.ts'
import type { Ports } from './wiring.ts'

/** One recurring job. `everyMs` is the pause after one run. */
export type Job = { readonly name: string; readonly everyMs: number; readonly run: () => Promise<void> }

/** Seconds after which the last use of a session is written again. */
const lastSeenGrainSeconds = 60

/** Sessions or rows per command, so that no step holds the writer for long. */
const stepSize = 500

/** Steps of one run of the collector; the rest waits for the next run. */
const collectorSteps = 20

/** Returns the jobs of one server. */
export function upkeepJobs(ports: Ports): readonly Job[] {
  return [
    { name: 'renew the lease', everyMs: 250, run: () => ports.node.renew() },
    { name: 'write last uses', everyMs: 15_000, run: () => writeLastUses(ports) },
    { name: 'write refusals in bulk', everyMs: 60_000, run: () => writeRefusals(ports) },
    { name: 'keep the time of the throttle', everyMs: 60_000, run: () => keepThrottleTime(ports) },
    { name: 'collect what has expired', everyMs: 60_000, run: () => collectExpired(ports) },
    { name: 'report the audit heads', everyMs: 60_000, run: () => reportAuditHeads(ports) },
  ]
}

/** Writes last uses that are older than the grain. */
export async function writeLastUses(ports: Ports, grainSeconds: number = lastSeenGrainSeconds): Promise<void> {
  for (;;) {
    const uses = ports.node.memory.takeTouched(grainSeconds, stepSize)
    if (uses.length === 0) return
    await ports.store.execute('touchSessions', { uses })
    if (uses.length < stepSize) return
  }
}

/** Writes the refusals since the last call: one event for each reason and address, one line of the log in all. */
export async function writeRefusals(ports: Ports): Promise<void> {
  const { events, times } = ports.refusals.take(ports.clock.wallMs())
  if (events.length === 0) return
  ports.log.info({ times }, 'refused in bulk')
  await ports.store.execute('appendAudit', { events })
}

async function collectExpired(ports: Ports): Promise<void> {
  for (let step = 0; step < collectorSteps; step += 1) {
    const { more } = await ports.store.execute('collectExpired', {
      nowMs: ports.clock.wallMs(),
      throttleMs: ports.throttleTime.nowMs(),
      limit: stepSize,
    })
    if (!more) return
  }
}

/** A head that is stored elsewhere reveals a trail that was rolled back or cut. */
async function reportAuditHeads(ports: Ports): Promise<void> {
  const heads = await ports.store.auditHeads()
  if (heads.length > 0)
    ports.log.info({ heads: heads.map(({ chain, seq, hash }) => `${chain}:${seq}:${hash}`) }, 'audit heads')
}
