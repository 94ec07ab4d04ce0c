/** koyeb: the members of the caller's organizations (OrganizationMembers API). */

import type { Member, Organization } from '../../../core/organizations/organization.ts'
import type { Principal } from '../../../core/sessions/principal.ts'
import type { Store } from '../../../core/store.ts'
import { sendJson } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { authenticate, signedIn } from '../../steps/authenticate.ts'
import { collectFaults } from './body.ts'
import { operations } from './documents.ts'
import { decodePage, lastOf, type Page, pageOf, type Query } from './page.ts'
import { koyebTokens } from './tokens.ts'
import { avatarUrl, timestamp } from './wire.ts'

/** Registers the route. */
export function registerMembers(app: App, context: HttpContext): void {
  const { ports } = context
  app.get<{ Querystring: Query }>(
    '/v1/organization_members',
    { onRequest: authenticate(context, koyebTokens), schema: { openapi: operations.ListOrganizationMembers } },
    async (request, reply) => {
      const { query } = request
      const page = collectFaults((faults) => decodePage(query, faults))
      const [userId, organizationId] = [lastOf(query.user_id), lastOf(query.organization_id)]
      const organizations = await visibleOrganizations(ports.store, signedIn(request))
      const wanted = organizations.filter(({ id }) => organizationId === '' || id === organizationId)
      const { items, count } = await membersOf(ports.store, wanted, { userId, page })
      const encode = encodeMember(context)
      return sendJson(reply, 200, { members: items.map(encode), ...page, count })
    },
  )
}

/** The account's organizations in the order of joining; the token of an organization sees only that organization. */
async function visibleOrganizations(
  store: Pick<Store, 'memberships' | 'organizationById'>,
  { account, organizationId }: Principal,
): Promise<readonly Organization[]> {
  if (account.kind === 'person') return (await store.memberships(account.id)).map(({ organization }) => organization)
  const own = organizationId === null ? null : await store.organizationById(organizationId)
  return own === null ? [] : [own]
}

type MemberQuery = { readonly userId: string; readonly page: Page }

type Found = { readonly items: readonly MemberOf[]; readonly count: number }

/** Returns one page of the members, organization by organization, and the number of all members. */
async function membersOf(
  store: Pick<Store, 'memberships' | 'memberCount' | 'memberList' | 'accountByUuid'>,
  organizations: readonly Organization[],
  { userId, page }: MemberQuery,
): Promise<Found> {
  if (userId !== '') return oneMember(store, organizations, { userId, page })
  const items: MemberOf[] = []
  let count = 0
  for (const organization of organizations) {
    const members = await store.memberCount(organization.id)
    const offset = Math.max(0, page.offset - count)
    const limit = page.limit - items.length
    count += members
    if (limit === 0 || offset >= members) continue
    const memberList = await store.memberList(organization.id, { limit, offset })
    items.push(...memberList.map((member) => ({ ...member, organization })))
  }
  return { items, count }
}

async function oneMember(
  store: Pick<Store, 'memberships' | 'accountByUuid'>,
  organizations: readonly Organization[],
  { userId, page }: MemberQuery,
): Promise<Found> {
  const account = await store.accountByUuid(userId)
  const memberships = account === null ? [] : await store.memberships(account.id)
  const found = organizations.flatMap((organization) => {
    const membership = memberships.find((one) => one.organization.id === organization.id)
    if (account === null || membership === undefined) return []
    return [{ account, joinedAtMs: membership.joinedAtMs, organization }]
  })
  return { items: pageOf(found, page), count: found.length }
}

type MemberOf = Member & { readonly organization: Organization }

function encodeMember(context: HttpContext): (member: MemberOf) => Readonly<Record<string, unknown>> {
  const avatar = avatarUrl(context.settings)
  return ({ account, organization, joinedAtMs }) => ({
    id: memberId(context, `${organization.id} ${account.uuid}`),
    organization_id: organization.id,
    user_id: account.uuid,
    external_id: '',
    joined_at: timestamp(joinedAtMs),
    role: 'OWNER',
    status: 'ACTIVE',
    user: { id: account.uuid, email: account.email ?? '', avatar_url: avatar, name: account.username },
    organization: { id: organization.id, name: organization.name, plan: 'hobby', status: 'ACTIVE', external_id: '' },
  })
}

/** Derives a stable id from the organization and the account, as a UUID of version 8 (RFC 9562 section 5.8). */
function memberId({ ports }: HttpContext, membership: string): string {
  const hex = Buffer.from(ports.digests.sha256(membership)).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
