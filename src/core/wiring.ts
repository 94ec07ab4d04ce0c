/** Core: the ports that functions of the core take together; the composition root creates them. */
import type { ResetMails } from './accounts/reset-mails.ts'
import type { SignInGate } from './accounts/sign-in-gate.ts'
import type { ThrottleRules } from './accounts/throttle.ts'
import type { ThrottleTime } from './accounts/throttle-time.ts'
import type { RefusalCounters } from './audit/refusal-counters.ts'
import type { Dialect } from './dialects.ts'
import type { RevocationNode } from './memory/node.ts'
import type {
  Clock,
  CommonPasswords,
  Digests,
  Encodings,
  Log,
  Mailer,
  OneTimeCodes,
  PasswordHasher,
  Random,
  Sealer,
  TokenSigner,
} from './ports.ts'
import type { LiveResources } from './revocation/live-resources.ts'
import type { Lifetimes } from './sessions/session.ts'
import type { Store } from './store.ts'
import type { PtyLimits } from './terminals/commands.ts'

/** The lifetimes of a dialect's sessions and tokens. */
export type DialectLife = Lifetimes & {
  /** Seconds; null: the token does not expire by itself. */
  readonly tokenSeconds: number | null
  /** Most live sessions of one account; the oldest ends. null: no limit. */
  readonly keepNewest: number | null
}

/** The operator's settings for the core. */
export type CoreSettings = {
  readonly life: Readonly<Record<Dialect, DialectLife>>
  /** null: sign-ins are not throttled (for benches). */
  readonly throttle: ThrottleRules | null
  readonly password: {
    readonly minimumAlone: number
    readonly minimumWithSecondFactor: number
    readonly maximum: number
  }
  readonly ptyTokenSeconds: number
  readonly gatewayGroup: string
  readonly ptyLimits: PtyLimits
  readonly terminals: TerminalSettings
}

/** The rules of terminals without a policy. */
export type TerminalSettings = {
  /** Observers that a terminal under a change request needs; 0: none. */
  readonly observers: number
  readonly idleMinutes: number
  readonly healthCheckIdleMinutes: number
  readonly headlessMinutes: number
  readonly retentionMonths: number
}

/** All ports of the core. */
export type Ports = {
  readonly clock: Clock
  readonly random: Random
  readonly digests: Digests
  readonly encodings: Encodings
  readonly hasher: PasswordHasher
  readonly sealer: Sealer
  readonly signer: TokenSigner
  readonly codes: OneTimeCodes
  readonly commonPasswords: CommonPasswords
  readonly log: Log
  readonly store: Store
  readonly node: RevocationNode
  readonly liveResources: LiveResources
  readonly gate: SignInGate
  readonly throttleTime: ThrottleTime
  readonly refusals: RefusalCounters
  /** null: this server sends no mail. */
  readonly mailer: Mailer | null
  readonly resetMails: ResetMails
  readonly settings: CoreSettings
}
