/** sftpgo: the state of the services that SFTPGo has and this server has not, and of the few that both have (SFTPGo REST API, status). */
import { Type } from 'typebox'
import type { App, HttpContext } from '../../context.ts'
import { authenticateRealm } from './authenticate-realm.ts'
import { documentRoute } from './documents.ts'
import { adminRealm } from './realms.ts'
import { serve } from './routes.ts'
import { totpConfig } from './totp.ts'
import { sendBody } from './wire.ts'

const isActive = Type.Optional(Type.Boolean())
const active = Type.Optional(Type.Object({ is_active: isActive }, { title: 'ServiceStatus' }))
const DataProviderStatus = Type.Object(
  { is_active: isActive, driver: Type.Optional(Type.String()), error: Type.Optional(Type.String()) },
  { title: 'DataProviderStatus' },
)
const TotpConfigItem = Type.Object({ name: Type.Optional(Type.String()) }, { title: 'TotpConfigItem' })
const MfaStatus = Type.Object(
  { is_active: isActive, totp_configs: Type.Optional(Type.Array(TotpConfigItem)) },
  { title: 'MFAStatus' },
)

const ServicesStatus = Type.Object(
  {
    ssh: active,
    ftp: active,
    webdav: active,
    data_provider: Type.Optional(DataProviderStatus),
    defender: active,
    mfa: Type.Optional(MfaStatus),
    allow_list: active,
    rate_limiters: active,
  },
  { title: 'ServicesStatus' },
)

/** Registers the status, for administrators who may see it. */
export function registerStatus(app: App, context: HttpContext): void {
  const { throttle } = context.ports.settings
  const off = { is_active: false }
  serve(app, '/status', {
    schema: documentRoute('get_status', {
      tag: 'maintenance',
      summary: 'Return the state of the services',
      security: [{ BearerAuth: [] }, { APIKeyAuth: [] }],
      reply: ServicesStatus,
    }),
    onRequest: authenticateRealm(context, adminRealm, { permission: 'view_status' }),
    handler: async (_request, reply) =>
      sendBody(reply, 200, {
        ssh: off,
        ftp: off,
        webdav: off,
        data_provider: { is_active: true, driver: 'sallyport', error: '' },
        defender: { is_active: throttle !== null },
        mfa: { is_active: true, totp_configs: [totpConfig] },
        allow_list: off,
        rate_limiters: { is_active: false, protocols: [] },
      }),
  })
}
