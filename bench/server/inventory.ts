/** Bench: the inventory of the terminals' scenario: one server, and one approved change request. */
import type { RequestFacts } from '../../src/core/audit/act.ts'
import { addChange, addServer, setChangeState } from '../../src/core/terminals/inventory.ts'
import type { Ports } from '../../src/core/wiring.ts'
import type { TerminalTarget } from './protocol.ts'

const request: RequestFacts = { by: 'command', ip: null, requestId: null, activity: null, commandLine: null }

const hourMs = 3_600_000

/** Adds the server and the change request `BENCH`. */
export async function addTarget(ports: Ports, { osUser, ...server }: TerminalTarget): Promise<void> {
  const common = { osUsers: [osUser], groups: ['ops'] }
  await addServer(ports, { ...server, ...common, name: 'bench-1', hostCa: null }, request)
  const now = ports.clock.wallMs()
  await addChange(
    ports,
    {
      ...{ ...common, id: 'BENCH', summary: 'a bench', servers: ['bench-1'], state: 'requested' },
      ...{ startsAtMs: now - hourMs, endsAtMs: now + 24 * hourMs, requestedBy: null, approvedBy: null },
    },
    request,
  )
  await setChangeState(ports, { id: 'BENCH', state: 'approved' }, request)
}
