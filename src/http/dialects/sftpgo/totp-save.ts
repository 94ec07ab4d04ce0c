/** sftpgo: saves, changes and removes the caller's second factor. The request is merged into the stored one (SFTPGo REST API, totp/save). */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { changeOwnAccount, type OwnChange } from '../../../core/accounts/change-own.ts'
import type { AccountChange } from '../../../core/accounts/commands.ts'
import { newRecoveryCodes, openRecoveryCodes } from '../../../core/accounts/recovery-codes.ts'
import { Refusal } from '../../../core/errors.ts'
import type { Ports } from '../../../core/wiring.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { describeRequest } from '../../steps/describe-request.ts'
import { type Fields, filled, spelled } from './account-shape-fields.ts'
import { flag, text, texts } from './account-shape-kinds.ts'
import { plainSecret } from './account-shape-secrets.ts'
import { changeAttributes, type JsonObject, readAttributes } from './attributes.ts'
import { readBody, readObject } from './bodies.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { authenticateSelf, selfPath } from './self-service.ts'
import { documentSelf } from './self-service-documents.ts'
import { demandsSecondFactor, readBearer } from './tokens.ts'
import { totpConfig } from './totp.ts'
import { invalidAccount } from './validation-error.ts'
import { sendBody } from './wire.ts'

/** Protocols of a second factor. This server asks for it at every sign-in, with any protocols. */
const protocolsOfFactor = ['SSH', 'FTP', 'HTTP']

/** Fewest bytes of a secret (RFC 4226 section 4, R6). */
const fewestSecretBytes = 20

/** A new set of recovery codes is made when fewer than this are left. */
const fewestUnusedCodes = 5

/** Registers totp/save of a realm. */
export function registerTotpSave(app: App, context: HttpContext, realm: Realm): void {
  const { ports } = context
  serve(app, `${selfPath(realm)}/totp/save`, {
    method: 'POST',
    schema: documentSelf('save totp configuration', realm),
    onRequest: authenticateSelf(context, realm, { unless: 'mfa-disabled' }),
    handler: async (request, reply) => {
      const { account, session } = signedIn(request)
      const input = decodeInput(request)
      const keptSessionRow = demandsSecondFactor(readBearer(request)) ? 0 : session.row
      const plan = (current: Account): OwnChange | null => planSave(ports, { account: current, input, keptSessionRow })
      await changeOwnAccount(ports, account, { plan, request: describeRequest(request, 'sftpgo') })
      return sendBody(reply, 200, { message: 'TOTP configuration saved' })
    },
  })
}

/** The request; an undefined member keeps the stored value. */
type Input = {
  readonly isEnabled: boolean | undefined
  readonly configName: string | undefined
  /** Base32; undefined also for `Redacted` and any other status than `Plain`. */
  readonly secret: string | undefined
  readonly protocols: readonly string[] | undefined
}

const sentFactor = {
  enabled: filled(flag),
  config_name: filled(text()),
  secret: filled(plainSecret),
  protocols: filled(texts()),
} satisfies Fields

/** @throws INPUT_INVALID */
function decodeInput(request: FastifyRequest): Input {
  const sent = spelled(sentFactor, readObject(request))
  const { enabled, config_name: configName, secret, protocols } = readBody(request, sentFactor)
  return {
    isEnabled: isAbsent(sent, 'enabled') ? undefined : enabled,
    configName: isAbsent(sent, 'config_name') ? undefined : configName,
    secret,
    protocols: isAbsent(sent, 'protocols') ? undefined : protocols,
  }
}

function isAbsent(body: JsonObject, name: string): boolean {
  return body[name] === undefined || body[name] === null
}

type Save = { readonly account: Account; readonly input: Input; readonly keptSessionRow: number }

function planSave(ports: Ports, save: Save): OwnChange | null {
  const { account, input } = save
  const isEnabled = input.isEnabled ?? account.totpSealed !== null
  const { requireTwoFactor, twoFactorProtocols } = readAttributes(account)
  if (!isEnabled && (requireTwoFactor || twoFactorProtocols.length > 0)) {
    throw invalidAccount('two-factor authentication must be enabled')
  }
  return isEnabled ? planEnabled(ports, save) : planDisabled(save)
}

/** @throws PASSWORD_TOO_SHORT_ALONE when the password may not be the only factor. */
function planDisabled({ account, keptSessionRow }: Save): OwnChange | null {
  if (account.totpSealed === null) return null
  if (account.passwordIsShort) throw new Refusal('PASSWORD_TOO_SHORT_ALONE')
  const attributes = changeAttributes(account, { filters: { totp_config: undefined } })
  return {
    change: { removeSecondFactor: true, attributes },
    keptSessionRow,
    act: { action: 'second-factor', detail: { step: 'removed' } },
  }
}

function planEnabled(ports: Ports, { account, input, keptSessionRow }: Save): OwnChange {
  const protocols = account.role === 'admin' ? [] : requiredProtocols(account, input)
  const config = configOf(account, input)
  const secret = newSecret(ports, account, input)
  checkProtocols(account, protocols)
  const left = openRecoveryCodes(ports.sealer, account.recoverySealed).filter(({ used }) => !used)
  const change: AccountChange = {
    attributes: changeAttributes(account, { filters: { totp_config: { ...config, ...named(protocols) } } }),
    ...(secret === null ? {} : { secondFactor: ports.sealer.seal('totp', secret) }),
    ...(left.length < fewestUnusedCodes ? { recoverySealed: newRecoveryCodes(ports).sealed } : {}),
  }
  // Other protocols for the same secret are no change of the factor, unless the token was given out to set one up.
  const endsOthers = secret !== null || keptSessionRow === 0
  return {
    change,
    keptSessionRow: endsOthers ? keptSessionRow : null,
    act: { action: 'second-factor', detail: { step: secret === null ? 'protocols changed' : 'saved' } },
  }
}

function named(protocols: readonly string[]): JsonObject {
  return protocols.length === 0 ? {} : { protocols }
}

function requiredProtocols(account: Account, input: Input): readonly string[] {
  const { totp, twoFactorProtocols } = readAttributes(account)
  // A factor that was set up elsewhere names no protocols, and is asked for at every one.
  const held = totp.protocols.length === 0 && account.totpSealed !== null ? protocolsOfFactor : totp.protocols
  const protocols = input.protocols ?? held
  if (twoFactorProtocols.every((protocol) => protocols.includes(protocol))) return protocols
  throw invalidAccount(`totp: the following protocols are required: ${JSON.stringify(twoFactorProtocols.join(', '))}`)
}

function configOf(account: Account, input: Input): { readonly config_name: string } {
  const name = input.configName ?? (account.totpSealed === null ? '' : readAttributes(account).totp.configName)
  if (name === '') throw invalidAccount('totp: config name is mandatory')
  if (name !== totpConfig.name) throw invalidAccount(`totp: config name ${JSON.stringify(name)} not found`)
  return { config_name: name }
}

/** Returns the bytes of the request's secret, or null if the stored one stays. */
function newSecret(ports: Ports, account: Account, { secret: text }: Input): Uint8Array | null {
  if (text === '' || (text === undefined && account.totpSealed === null)) {
    throw invalidAccount('totp: secret is mandatory')
  }
  if (text === undefined) return null
  const secret = ports.codes.fromBase32(text.trim())
  if (secret !== null && secret.length >= fewestSecretBytes) return secret
  throw invalidAccount(`totp: the secret has to be base32 of at least ${fewestSecretBytes} bytes`)
}

function checkProtocols(account: Account, protocols: readonly string[]): void {
  if (account.role === 'admin') return
  if (protocols.length === 0) throw invalidAccount('totp: specify at least one protocol')
  const unknown = protocols.find((protocol) => !protocolsOfFactor.includes(protocol))
  if (unknown !== undefined) throw invalidAccount(`totp: invalid protocol ${JSON.stringify(unknown)}`)
}
