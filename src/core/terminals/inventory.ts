/** Core: administers the inventory of servers and change requests. Invalid values never reach the store. */
import { resolvePerson } from '../accounts/person.ts'
import { canonicalIp } from '../addresses.ts'
import { auditEvent, type RequestFacts } from '../audit/act.ts'
import type { AuditAction, AuditEvent } from '../audit/event.ts'
import { type FieldFault, Refusal } from '../errors.ts'
import type { Ports } from '../wiring.ts'
import { type ChangeRequest, inventoryName, type Server } from './server.ts'

/** A server to add. */
export type ServerInput = Server & {
  /** The host key was read from the server and confirmed by a user: trust on first use. */
  readonly hostKeyOrigin?: 'scanned'
}

type InventoryPorts = Pick<Ports, 'clock' | 'store'>

/** Names that OpenSSH's `-l` and a certificate principal take without quoting. */
const osUserName = /^[a-z_][a-z0-9_-]{0,31}$/

/** One OpenSSH public key line: algorithm, base64 blob, optional comment. */
const publicKeyLine =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]{32,}={0,2}( [ -~]*)?$/

/**
 * Adds a server.
 *
 * @throws INPUT_INVALID with the field; NAME_TAKEN, ADDRESS_TAKEN.
 */
export async function addServer(
  ports: InventoryPorts,
  { hostKeyOrigin, ...input }: ServerInput,
  request: RequestFacts,
): Promise<Server> {
  const server = acceptServer(input)
  const audit = event(ports, request, `server:${server.name}`)
  const result = await ports.store.execute('addServer', {
    server,
    audit: hostKeyOrigin === undefined ? audit : { ...audit, detail: { host_key: hostKeyOrigin } },
  })
  if (result.kind === 'name-taken') throw new Refusal('NAME_TAKEN')
  if (result.kind === 'address-taken') throw new Refusal('ADDRESS_TAKEN')
  return server
}

/**
 * Replaces a server; its terminals are judged again.
 *
 * @throws INPUT_INVALID with the field; SERVER_NOT_FOUND, ADDRESS_TAKEN.
 */
export async function changeServer(ports: InventoryPorts, input: Server, request: RequestFacts): Promise<Server> {
  const server = acceptServer(input)
  const nowMs = ports.clock.wallMs()
  const audit = event(ports, request, `server:${server.name}`)
  const result = await ports.store.execute('changeServer', { server, nowMs, audit })
  if (result.kind === 'missing') throw new Refusal('SERVER_NOT_FOUND')
  if (result.kind === 'address-taken') throw new Refusal('ADDRESS_TAKEN')
  return server
}

/**
 * Removes a server.
 *
 * @throws SERVER_NOT_FOUND if it is not in the inventory.
 */
export async function removeServer(ports: InventoryPorts, name: string, request: RequestFacts): Promise<void> {
  const nowMs = ports.clock.wallMs()
  const result = await ports.store.execute('removeServer', {
    name,
    nowMs,
    audit: event(ports, request, `server:${name}`),
  })
  if (result.kind === 'missing') throw new Refusal('SERVER_NOT_FOUND')
}

/**
 * Adds a change request; persons are read as `resolvePerson` does.
 *
 * @throws INPUT_INVALID with the field; NAME_TAKEN, SERVER_NOT_FOUND; PARTY_TO_CHANGE as `setChangeState` does.
 */
export async function addChange(ports: InventoryPorts, input: ChangeRequest, request: RequestFacts): Promise<void> {
  refuse(faultsOfChange(input))
  const change: ChangeRequest = {
    ...input,
    requestedBy: await personOrNull(ports, 'requested-by', input.requestedBy),
    approvedBy: await personOrNull(ports, 'by', input.approvedBy),
  }
  refuseSamePerson(change.requestedBy, change.approvedBy)
  const result = await ports.store.execute('addChange', {
    change,
    audit: event(ports, request, `change:${change.id}`),
  })
  if (result.kind === 'id-taken')
    throw new Refusal('NAME_TAKEN', { message: 'A change request with this id exists already.' })
  if (result.kind === 'server-missing') {
    throw new Refusal('SERVER_NOT_FOUND', { message: `The inventory has no server ${result.name}.` })
  }
}

/** The new state of a change request. */
export type ChangeStep = {
  readonly id: string
  readonly state: 'approved' | 'closed'
  /** The person who approves; null: not given. */
  readonly approvedBy?: string | null
}

/**
 * Approves or closes a change request; its terminals are judged again.
 *
 * @throws CHANGE_NOT_FOUND if there is none; CHANGE_CLOSED if it was closed before.
 * @throws PARTY_TO_CHANGE if the person who requested it would approve it.
 */
export async function setChangeState(ports: InventoryPorts, step: ChangeStep, request: RequestFacts): Promise<void> {
  const approvedBy = await personOrNull(ports, 'by', step.approvedBy ?? null)
  // The requester of a change never changes, so this read is as good as one in the transaction.
  if (approvedBy !== null) refuseSamePerson((await ports.store.changeById(step.id))?.requestedBy ?? null, approvedBy)
  const what = { id: step.id, state: step.state, approvedBy }
  const nowMs = ports.clock.wallMs()
  const audit = event(ports, request, `change:${what.id}`)
  const result = await ports.store.execute('setChangeState', { ...what, nowMs, audit })
  if (result.kind === 'missing') throw new Refusal('CHANGE_NOT_FOUND')
  if (result.kind === 'closed') throw new Refusal('CHANGE_CLOSED')
}

async function personOrNull(ports: InventoryPorts, field: string, text: string | null): Promise<string | null> {
  return text === null ? null : await resolvePerson(ports.store, field, text)
}

function refuseSamePerson(requestedBy: string | null, approvedBy: string | null): void {
  if (requestedBy === null || requestedBy !== approvedBy) return
  throw new Refusal('PARTY_TO_CHANGE', { message: 'The person who requested a change request does not approve it.' })
}

function acceptServer(input: Server): Server {
  const address = canonicalIp(input.address)
  refuse(faultsOfServer(input, address))
  return { ...input, address: address as string }
}

function faultsOfServer(input: Server, address: string | null): FieldFault[] {
  const faults: FieldFault[] = []
  const add = (field: string, description: string): number => faults.push({ field, description })
  if (!inventoryName.test(input.name)) add('name', 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
  if (address === null) add('address', 'must be an IPv4 or IPv6 address, not a name')
  if (!Number.isInteger(input.port) || input.port < 1 || input.port > 65_535)
    add('port', 'must be a number from 1 to 65535')
  if (input.osUsers.length === 0) add('os-user', 'at least one OS user is needed')
  for (const osUser of input.osUsers)
    if (!osUserName.test(osUser)) add('os-user', `${JSON.stringify(osUser)} is no OS user name`)
  for (const group of input.groups)
    if (!inventoryName.test(group)) add('group', `${JSON.stringify(group)} is no group name`)
  const { hostKey, hostCa } = input
  if (input.transport === 'local' && (hostKey !== null || hostCa !== null))
    add('host-key', 'is refused for a local server')
  if (input.transport === 'ssh' && hostKey === null && hostCa === null)
    add('host-key', 'a host key or a host CA is needed for ssh')
  if (hostKey !== null && !publicKeyLine.test(hostKey)) add('host-key', 'must be one OpenSSH public key line')
  if (hostCa !== null && !publicKeyLine.test(hostCa)) add('host-ca', 'must be one OpenSSH public key line')
  return faults
}

function faultsOfChange(change: ChangeRequest): FieldFault[] {
  const faults: FieldFault[] = []
  const add = (field: string, description: string): number => faults.push({ field, description })
  if (!inventoryName.test(change.id)) add('id', 'must be 1 to 64 letters, digits, dots, hyphens or underscores')
  if (change.servers.length === 0) add('server', 'at least one server is needed')
  if (change.osUsers.length === 0) add('os-user', 'at least one OS user is needed')
  if (change.groups.length === 0) add('group', 'at least one group is needed')
  if (!(change.endsAtMs > change.startsAtMs)) add('until', 'must be after the start of the window')
  return faults
}

function refuse(fields: readonly FieldFault[]): void {
  const [first] = fields
  if (first === undefined) return
  throw new Refusal('INPUT_INVALID', { message: `${first.field}: ${first.description}.`, fields })
}

function event(ports: InventoryPorts, request: RequestFacts, subject: string): AuditEvent {
  const action: AuditAction = subject.startsWith('server:') ? 'server' : 'change-request'
  return auditEvent(request, { account: null, atMs: ports.clock.wallMs() }, { action, subject })
}
