/** Core: the atomic commands on signing keys that every store offers. */
import type { AuditEvent } from '../audit/event.ts'
import type { SigningKeyName } from '../ports.ts'

/** A signing key as the store keeps it. Times in Unix milliseconds. */
export type StoredKey = {
  readonly name: SigningKeyName
  /** 1, 2, 3 ...; two nodes that rotate at once make one key. */
  readonly generation: number
  readonly kid: string
  /** Private key or secret, sealed. */
  readonly sealed: Uint8Array
  /** JWK as JSON; null for secrets. */
  readonly publicJwk: string | null
  readonly createdAtMs: number
  /** Published from its creation, used for signing from here on. */
  readonly activeFromMs: number
}

/** Atomic commands on signing keys. */
export type KeyCommands = {
  /** Adds the next generation of a key, or finds that another process has added it. */
  readonly addKey: {
    readonly input: { readonly key: StoredKey; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'added' | 'exists' }
  }
  /** Deletes generations before `generation`. */
  readonly retireKeys: {
    readonly input: { readonly name: SigningKeyName; readonly generation: number; readonly audit: AuditEvent }
    readonly output: { readonly kind: 'done' }
  }
}
