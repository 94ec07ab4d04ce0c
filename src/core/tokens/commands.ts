/** Core: the commands of a store on signing keys. */
import type { AuditEvent } from '../audit/event.ts'
import type { SigningKeyName } from '../ports.ts'

/** A signing key as it is stored. Unix milliseconds. */
export type StoredKey = {
  readonly name: SigningKeyName
  /** 1, 2, 3 ...; if two nodes rotate at once, they create one key. */
  readonly generation: number
  readonly kid: string
  /** Private key or secret, sealed. */
  readonly sealed: Uint8Array
  /** JWK as JSON; null for secrets. */
  readonly publicJwk: string | null
  readonly createdAtMs: number
  /** Published from its creation on, used for signing from this moment on. */
  readonly activeFromMs: number
}

/** Atomic commands on signing keys. */
export type KeyCommands = {
  /** Adds the next generation of a key, or finds that another process has. */
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
