/** sftpgo: the secrets inside an account's attributes; sealed before they are kept, and never unsealed for an answer. */
import type { Sealer } from '../../../core/ports.ts'
import { invalidAccount } from './account-shape-fields.ts'
import { isObject, type JsonObject } from './attributes.ts'

/** Deeper nesting than any account has; beyond it a body is refused. */
const deepest = 64

/** A secret as it is kept and shown (SFTPGo REST API, Secret): ciphertext alone. */
export type SealedSecret = {
  readonly status: 'Secretbox'
  readonly payload: string
  readonly key: ''
  readonly additional_data: ''
}

/** Seals a text as a secret. */
export function sealSecret(sealer: Sealer, plain: string): SealedSecret {
  return showSealed(sealer.seal('sftpgo secret', Buffer.from(plain)))
}

/** Returns what was sealed already as a secret is shown. */
export function showSealed(sealed: Uint8Array): SealedSecret {
  return { status: 'Secretbox', payload: Buffer.from(sealed).toString('base64'), key: '', additional_data: '' }
}

/**
 * Returns a value as it is to be kept: every secret of status `Plain` is sealed; `Redacted`, any other status and an absent one
 * keep what was there before in the same place.
 *
 * @param before the value that was kept; undefined where there was none.
 * @throws INPUT_INVALID for a secret that is not `Plain` where there is nothing to keep, and for a value that is nested too deep.
 */
export function sealSecrets(sealer: Sealer, value: unknown, before: unknown): unknown {
  return seal({ sealer, depth: 0 }, value, before)
}

type Walk = { readonly sealer: Sealer; readonly depth: number }

function seal(walk: Walk, value: unknown, before: unknown): unknown {
  if (walk.depth > deepest) throw invalidAccount('the account is nested too deep')
  const inner = { ...walk, depth: walk.depth + 1 }
  if (Array.isArray(value)) {
    const kept: readonly unknown[] = Array.isArray(before) ? before : []
    return value.map((member, index) => seal(inner, member, kept[index]))
  }
  if (!isObject(value)) return value
  if (isSecret(value)) return sealOne(walk.sealer, value, before)
  return sealMembers(inner, value, isObject(before) ? before : {})
}

function sealMembers(walk: Walk, value: JsonObject, before: JsonObject): JsonObject {
  const sent = Object.entries(value).map(([name, member]) => [name, seal(walk, member, ownMember(before, name))])
  const left = Object.entries(before).filter(([name, member]) => isSealed(member) && !Object.hasOwn(value, name))
  return Object.fromEntries([...sent, ...left].filter(([, member]) => member !== undefined))
}

/** An empty plain secret takes the old one away. */
function sealOne(sealer: Sealer, { status, payload }: JsonObject, before: unknown): SealedSecret | undefined {
  if (status === 'Plain') {
    if (typeof payload !== 'string') throw invalidAccount('the payload of a secret has to be a text')
    return payload === '' ? undefined : sealSecret(sealer, payload)
  }
  if (status === '') return undefined
  if (isSealed(before)) return before
  throw invalidAccount('a new secret has to be sent with the status Plain')
}

function isSecret(value: JsonObject): boolean {
  return typeof value.status === 'string' && Object.hasOwn(value, 'payload')
}

function isSealed(value: unknown): value is SealedSecret {
  return isObject(value) && value.status === 'Secretbox' && typeof value.payload === 'string'
}

function ownMember(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}
