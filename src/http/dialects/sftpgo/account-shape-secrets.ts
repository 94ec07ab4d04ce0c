/** sftpgo: the secrets inside an account's attributes; sealed before they are kept, and never unsealed for an answer. */
import { Type } from 'typebox'
import type { Sealer } from '../../../core/ports.ts'
import { documentFields, type Fields, filled, readFields, type Values } from './account-shape-fields.ts'
import { integer, type Kind, type Reading, text } from './account-shape-kinds.ts'
import { isObject } from './attributes.ts'
import { invalidAccount } from './validation-error.ts'

/** A secret as it is kept and shown (SFTPGo REST API, Secret): ciphertext alone; none: without members. */
export type SealedSecret =
  | { readonly status: 'Secretbox'; readonly payload: string }
  | { readonly [name: string]: never }

/** States of a secret that is no plain text, and so stands for the one that is kept (SFTPGo REST API, SecretStatus). */
const statusesOfOthers = [
  'Redacted',
  'Secretbox',
  'AES-256-GCM',
  'GCP',
  'AWS',
  'VaultTransit',
  'AzureKeyVault',
  'OracleKeyVault',
]

const members = {
  status: filled(
    text(undefined, Type.String({ description: 'Plain to set it; Redacted to keep it; Secretbox when read' })),
  ),
  payload: filled(text()),
  key: filled(text()),
  additional_data: filled(text()),
  mode: filled(integer()),
} satisfies Fields

/** A secret: `Plain` is sealed; another status or absence keeps the stored one; an empty one removes it. */
export const secret: Kind<SealedSecret> = {
  form: 'secret',
  read: readSecret,
  show: (kept) => (isSealed(kept) ? { status: 'Secretbox', payload: kept.payload } : {}),
  schema: Type.Object(documentFields(members), { title: 'Secret' }),
}

/** Seals a text as a secret. */
export function sealSecret(sealer: Sealer, plain: string): SealedSecret {
  return showSealed(sealer.seal('sftpgo secret', Buffer.from(plain)))
}

/** Returns a sealed secret as answers show it. */
export function showSealed(sealed: Uint8Array): SealedSecret {
  return { status: 'Secretbox', payload: Buffer.from(sealed).toString('base64') }
}

/** A secret of which only the plain text counts, and nothing is sealed; undefined: none came in plain text. */
export const plainSecret: Kind<string | undefined> = {
  ...secret,
  read: (sent, reading) => {
    const came = readMembers(sent, reading)
    return came?.status === 'Plain' ? came.payload : undefined
  },
}

/** @throws INPUT_INVALID for a value that is no secret, and for a secret that is not `Plain` if none is stored. */
function readSecret(sent: unknown, reading: Reading): SealedSecret {
  const { sealer, before } = reading
  const kept = isSealed(before) ? before : {}
  const came = readMembers(sent, reading)
  if (came === null) return kept
  if (came.status === 'Plain') return came.payload === '' || sealer === null ? {} : sealSecret(sealer, came.payload)
  if (came.status === '') return {}
  if (sealer === null || isSealed(before)) return kept
  throw invalidAccount('a new secret has to be sent with the status Plain')
}

/** Returns null for an absent value. @throws INPUT_INVALID for a value that is no secret; the message never contains it. */
function readMembers(sent: unknown, reading: Reading): Values<typeof members> | null {
  if (sent === undefined || sent === null) return null
  if (!isObject(sent)) throw invalidAccount(`${reading.name} has to be an object`)
  const came = readFields(members, sent, reading)
  const isEmpty = came.status === '' && came.payload === ''
  if (isEmpty || came.status === 'Plain' || statusesOfOthers.includes(came.status)) return came
  throw invalidAccount(`${reading.name} has a status that is not known`)
}

function isSealed(value: unknown): value is { readonly status: 'Secretbox'; readonly payload: string } {
  return isObject(value) && value.status === 'Secretbox' && typeof value.payload === 'string'
}
