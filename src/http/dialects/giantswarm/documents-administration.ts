/** giantswarm: what the OpenAPI document says of the calls on accounts and organizations. */
import { type TSchema, Type } from 'typebox'
import type { OperationDocument } from '../../openapi/operation.ts'
import { neighbour, User } from './documents.ts'
import { OrganizationMember } from './user-wire.ts'
import { GenericResponse } from './wire.ts'

const Organization = Type.Object(
  { id: Type.Optional(Type.String()), members: Type.Optional(Type.Array(OrganizationMember)) },
  { title: 'V4Organization' },
)

/** getUsers. */
export const documentUsers: OperationDocument = onUser('getUsers', {
  summary: 'List users; administrators only',
  reply: Type.Array(User),
})
/** getUser. */
export const documentGetUser: OperationDocument = onUser('getUser', { summary: 'Get user', reply: User })
/** createUser. */
export const documentCreateUser: OperationDocument = onUser('createUser', {
  summary: 'Create user; administrators only',
  reply: GenericResponse,
  status: 201,
})
/** modifyUser. */
export const documentModifyUser: OperationDocument = onUser('modifyUser', {
  summary: 'Modify user; administrators only',
  reply: User,
})
/** deleteUser. */
export const documentDeleteUser: OperationDocument = onUser('deleteUser', {
  summary: 'Delete user; administrators only',
  reply: GenericResponse,
})
/** modifyPassword. */
export const documentModifyPassword: OperationDocument = onUser('modifyPassword', {
  summary: 'Modify password; every token of the account ends',
  reply: GenericResponse,
  status: 202,
})

/** getOrganization. */
export const documentGetOrganization: OperationDocument = onOrganization('getOrganization', {
  summary: 'Get organization details',
  reply: Organization,
})
/** addOrganization. */
export const documentAddOrganization: OperationDocument = onOrganization('addOrganization', {
  summary: 'Create an organization; administrators only',
  reply: Organization,
  status: 201,
})
/** deleteOrganization. */
export const documentDeleteOrganization: OperationDocument = onOrganization('deleteOrganization', {
  summary: 'Delete an organization; administrators only',
  reply: GenericResponse,
})

type Told = { readonly summary: string; readonly reply: TSchema; readonly status?: number }

function onUser(operationId: string, told: Told): OperationDocument {
  return neighbour(operationId, { ...told, tag: 'users' })
}

function onOrganization(operationId: string, told: Told): OperationDocument {
  return neighbour(operationId, { ...told, tag: 'organizations' })
}
