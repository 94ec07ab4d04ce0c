/** sftpgo: the addresses that failed to sign in, by SFTPGo's name for the throttle; only digests of them are kept (SFTPGo REST API, defender). */
import type { FastifyRequest } from 'fastify'
import { failuresOf, forgetAddress } from '../../../core/accounts/forget-failures.ts'
import { canonicalIp } from '../../../core/addresses.ts'
import { isRefusal, Refusal } from '../../../core/errors.ts'
import type { Ports } from '../../../core/wiring.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { defenderDocuments } from './defender-documents.ts'
import { adminRealm } from './realms.ts'
import { serve } from './routes.ts'
import { formatTime, sendBody } from './wire.ts'

/** Registers the list, which is always empty, and the operations on one address that the caller names. */
export function registerDefender(app: App, context: HttpContext): void {
  const { ports } = context
  const onRequest = authenticateRealm(context, adminRealm, { permission: 'view_defender' })
  serve(app, '/defender/hosts', {
    schema: defenderDocuments.list,
    onRequest,
    handler: async (_request, reply) => sendBody(reply, 200, []),
  })
  serve(app, '/defender/hosts/:id', {
    schema: defenderDocuments.read,
    onRequest,
    handler: async (request, reply) => {
      const ip = readHost(request)
      if (ports.settings.throttle === null) {
        return sendBody(reply, 500, { error: 'defender is disabled', message: '' })
      }
      const found = await failuresOf(ports, ip)
      if (found === null) throw new Refusal('ADDRESS_NOT_FOUND')
      const state =
        found.waitMs > 0
          ? { ban_time: formatTime(Math.ceil((ports.clock.wallMs() + found.waitMs) / 1000)) }
          : { score: found.failures }
      return sendBody(reply, 200, { id: idOf(ip), ip, ...state })
    },
  })
  serve(app, '/defender/hosts/:id', {
    method: 'DELETE',
    schema: defenderDocuments.remove,
    onRequest: authenticateRealm(context, adminRealm, { permission: 'manage_defender' }),
    handler: async (request, reply) => {
      const by = { by: signedIn(request).account, request: describeRequest(request, 'sftpgo') }
      const isForgotten = await tryForget(ports, readHost(request), by)
      return isForgotten ? sendBody(reply, 200, { message: 'OK' }) : sendBody(reply, 404, { message: 'Not found' })
    },
  })
}

/** Returns whether a failure counted against an address, and forgets it. */
async function tryForget(ports: Ports, ip: string, by: Parameters<typeof forgetAddress>[2]): Promise<boolean> {
  try {
    await forgetAddress(ports, ip, by)
    return true
  } catch (cause) {
    if (isRefusal(cause, 'ADDRESS_NOT_FOUND')) return false
    throw cause
  }
}

/** Returns the address of a host id, which is the hex of its text. @throws INPUT_INVALID for an id of no address. */
function readHost(request: FastifyRequest): string {
  const { id } = request.params as { readonly id: string }
  const ip = /^(?:[0-9a-f]{2})+$/i.test(id) ? canonicalIp(Buffer.from(id, 'hex').toString('latin1')) : null
  if (ip === null) throw new Refusal('INPUT_INVALID', { message: 'the id is not the hex form of an IP address' })
  return ip
}

function idOf(ip: string): string {
  return Buffer.from(ip).toString('hex')
}
