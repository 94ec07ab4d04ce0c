/** sftpgo: makes secrets of a second factor and tries codes of them; nothing here is stored but that a code was used. */
import type { FastifyRequest } from 'fastify'
import type { Account } from '../../../core/accounts/account.ts'
import { tryCode, withoutBlanks } from '../../../core/accounts/try-code.ts'
import { Refusal } from '../../../core/errors.ts'
import { noStore } from '../../answer.ts'
import type { App, HttpContext } from '../../context.ts'
import { signedIn } from '../../steps/authenticate.ts'
import { type Fields, filled } from './account-shape-fields.ts'
import { text } from './account-shape-kinds.ts'
import { trimmed } from './account-shape-rules.ts'
import { readBody } from './bodies.ts'
import type { Realm } from './realms.ts'
import { serve } from './routes.ts'
import { authenticateSelf, selfPath } from './self-service.ts'
import { documentSelf } from './self-service-documents.ts'
import { type ApiResponse, sendBody } from './wire.ts'

/** The one configuration that there is (SFTPGo REST API, TOTPConfig); every authenticator app takes its algorithm. */
export const totpConfig = { name: 'Default', issuer: 'Sallyport', algo: 'sha1' } as const

/** Width and height of the picture, in pixels. */
const qrCodePixels = 200

const codeDigits = 6

/** Registers configs, generate and validate for a realm. */
export function registerTotp(app: App, context: HttpContext, realm: Realm): void {
  const path = `${selfPath(realm)}/totp`
  const onRequest = authenticateSelf(context, realm, { unless: 'mfa-disabled' })
  serve(app, `${path}/configs`, {
    schema: documentSelf('list totp configurations', realm),
    onRequest,
    handler: async (_request, reply) => sendBody(reply, 200, [totpConfig]),
  })
  serve(app, `${path}/generate`, {
    method: 'POST',
    schema: documentSelf('generate totp secret', realm),
    onRequest,
    handler: async (request, reply) => {
      const { config_name: name } = readBody(request, sentTrial)
      if (name !== totpConfig.name) throw new Refusal('INPUT_INVALID', { message: unknownConfig(name) })
      return sendBody(reply.headers(noStore), 200, await generate(context, signedIn(request).account))
    },
  })
  serve(app, `${path}/validate`, {
    method: 'POST',
    schema: documentSelf('validate totp passcode', realm),
    onRequest,
    handler: async (request, reply) => {
      const refused = await validate(context, decodeTrial(request))
      if (refused !== null) return sendBody(reply, 400, refused)
      return sendBody(reply, 200, { message: 'Passcode successfully validated' })
    },
  })
}

function unknownConfig(name: string): string {
  return `totp: no configuration ${JSON.stringify(name)}`
}

async function generate({ ports, qrCode }: HttpContext, account: Account): Promise<Readonly<Record<string, string>>> {
  const secret = ports.codes.toBase32(ports.codes.newSecret())
  const url = addressOf(secret, account)
  const picture = await qrCode(url, qrCodePixels)
  return {
    config_name: totpConfig.name,
    issuer: totpConfig.issuer,
    secret,
    url,
    qr_code: picture.slice(picture.indexOf(',') + 1),
  }
}

/** "Key Uri Format" of Google Authenticator, with SFTPGo's label and the parameters in the order of their names. */
function addressOf(secret: string, { role, username }: Account): string {
  const label = `${role === 'admin' ? 'Admin' : 'User'} ${JSON.stringify(username.toWellFormed())}`
  const parameters = `algorithm=SHA1&digits=${codeDigits}&issuer=${totpConfig.issuer}&period=30&secret=${secret}`
  return `otpauth://totp/${totpConfig.issuer}:${encodeURIComponent(label)}?${parameters}`
}

/** A code with the secret that it is to be of. */
type Trial = { readonly configName: string; readonly passcode: string; readonly secret: string }

const sentTrial = {
  config_name: filled(text()),
  passcode: filled(text(withoutBlanks)),
  secret: filled(text(trimmed)),
} satisfies Fields

function decodeTrial(request: FastifyRequest): Trial {
  const { config_name: configName, passcode, secret } = readBody(request, sentTrial)
  return { configName, passcode, secret }
}

/** Returns null if the code is right, otherwise the answer. A code that is merely wrong has no `error`. */
async function validate({ ports }: HttpContext, trial: Trial): Promise<ApiResponse | null> {
  if (trial.configName !== totpConfig.name) return invalid(unknownConfig(trial.configName))
  if (trial.passcode.length !== codeDigits) return invalid('Input length unexpected')
  const secret = ports.codes.fromBase32(trial.secret)
  if (secret === null) return invalid('Decoding of secret as base32 failed.')
  const outcome = await tryCode(ports, secret, trial.passcode)
  if (outcome === 'accepted') return null
  return outcome === 'used' ? invalid('this passcode was already used') : { message: 'Invalid passcode' }
}

function invalid(error: string): ApiResponse {
  return { error, message: 'Invalid passcode' }
}
