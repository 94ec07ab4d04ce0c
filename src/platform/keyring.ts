/** Platform: the signing keys of this process. The store has them sealed; the configuration may replace two of them. */
import { auditEvent, byServer } from '../core/audit/act.ts'
import type { Clock, Sealer, SigningKeyName } from '../core/ports.ts'
import type { Store } from '../core/store.ts'
import type { StoredKey } from '../core/tokens/commands.ts'
import { planRotation, type RotationRules } from '../core/tokens/key-rotation.ts'
import type { KeyMaterial } from './key-material.ts'
import { newSigningKey, openSigningKey } from './signing-keys.ts'

const keyNames: readonly SigningKeyName[] = ['control', 'pty', 'sftpgo', 'pacerpro', 'koyeb']

/** The ports of a keyring. */
export type KeyringOptions = {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  /** Keys of the configuration; they are never stored. */
  readonly configured: readonly KeyMaterial[]
  /** For `control`; the others do not rotate. */
  readonly rotation: RotationRules
}

/** Holds opened keys, and adds, publishes and deletes them by the rotation plan. */
export class Keyring {
  readonly #options: KeyringOptions
  readonly #opened = new Map<string, KeyMaterial>()
  #material: readonly KeyMaterial[] = []
  #published: readonly StoredKey[] = []

  constructor(options: KeyringOptions) {
    this.#options = options
  }

  /** Every key that may sign or verify now. */
  material(): readonly KeyMaterial[] {
    return this.#material
  }

  /** The keys that are published now. */
  published(): readonly StoredKey[] {
    return this.#published
  }

  /**
   * Reads the keys, adds what the plan asks for and deletes what no live token needs.
   *
   * @throws INTERNAL if a key cannot be opened with this master key.
   */
  async refresh(): Promise<void> {
    const { store, clock, configured } = this.#options
    const nowMs = clock.wallMs()
    let stored = await store.keys()
    const wanted = keyNames.filter((name) => !configured.some((key) => key.name === name))
    const changes = await Promise.all(wanted.map((name) => this.#follow(name, stored, nowMs)))
    if (changes.includes(true)) stored = await store.keys()
    this.#material = [...configured, ...stored.map((key) => this.#open(key))]
    this.#published = planRotation(ofName(stored, 'control'), this.#options.rotation, nowMs).toPublish
  }

  async #follow(name: SigningKeyName, stored: readonly StoredKey[], nowMs: number): Promise<boolean> {
    const { store, sealer, rotation } = this.#options
    const plan = planRotation(ofName(stored, name), name === 'control' ? rotation : null, nowMs)
    const audit = auditEvent(
      byServer,
      { account: null, atMs: nowMs },
      { action: 'signing-key', subject: `signing_key:${name}` },
    )
    if (plan.addNext !== null) {
      const key = await newSigningKey({ name, nowMs, ...plan.addNext }, sealer)
      await store.execute('addKey', { key, audit })
    }
    if (plan.retireBefore !== null) await store.execute('retireKeys', { name, generation: plan.retireBefore, audit })
    return plan.addNext !== null || plan.retireBefore !== null
  }

  #open(stored: StoredKey): KeyMaterial {
    const known = this.#opened.get(stored.kid)
    if (known !== undefined) return known
    const opened = openSigningKey(stored, this.#options.sealer)
    this.#opened.set(stored.kid, opened)
    return opened
  }
}

function ofName(stored: readonly StoredKey[], name: SigningKeyName): StoredKey[] {
  return stored.filter((key) => key.name === name)
}
