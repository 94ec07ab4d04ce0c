/** sftpgo: what the OpenAPI document says of the defender; nothing here checks a request. */
import { Type } from 'typebox'
import { ApiResponse, documentRoute, type RouteDocument } from './documents.ts'

const DefenderEntry = Type.Object(
  {
    id: Type.Optional(Type.String()),
    ip: Type.Optional(Type.String()),
    score: Type.Optional(Type.Integer({ format: 'int32', description: 'Failures of an address that is not blocked' })),
    ban_time: Type.Optional(Type.String({ format: 'date-time', description: 'End of the block' })),
  },
  { title: 'DefenderEntry' },
)

const facts = { tag: 'defender', security: [{ BearerAuth: [] }, { APIKeyAuth: [] }] }
const parameters = [{ in: 'path', name: 'id', isRequired: true, description: 'Hex form of the address' }] as const

/** Documents by operation, under the operation ids of the original. */
export const defenderDocuments: Readonly<Record<'list' | 'read' | 'remove', RouteDocument>> = {
  list: documentRoute('get_defender_hosts', {
    ...facts,
    summary: 'List blocked addresses; always empty, because only digests of addresses are kept',
    reply: Type.Array(DefenderEntry),
  }),
  read: documentRoute('get_defender_host_by_id', {
    ...facts,
    summary: 'Return one address that failed to sign in',
    parameters,
    reply: DefenderEntry,
  }),
  remove: documentRoute('delete_defender_host_by_id', {
    ...facts,
    summary: 'Forget the failures of one address; the block of a name that was attacked ends at its own time',
    parameters,
    reply: ApiResponse,
  }),
}
