/** sftpgo: two realms over HTTP Basic and Bearer tokens, as clients of SFTPGo's REST API know them. */
import type { App, DialectPlugin, HttpContext } from '../../context.ts'
import { registerAdmins } from './admins.ts'
import { registerApiKeys } from './api-keys.ts'
import { readEveryBody } from './bodies.ts'
import { registerChangePassword } from './change-password.ts'
import { registerDefender } from './defender.ts'
import { sftpgoDocument } from './documents.ts'
import { answerRefusal } from './errors.ts'
import { offersTokens } from './login-methods.ts'
import { registerPasswordReset } from './password-reset.ts'
import { registerProbes } from './probes.ts'
import { registerProfile } from './profile.ts'
import { realms } from './realms.ts'
import { registerRecoveryCodes } from './recovery-codes.ts'
import { registerSignIn } from './sign-in.ts'
import { registerSignOut } from './sign-out.ts'
import { registerStatus } from './status.ts'
import { registerTotp } from './totp.ts'
import { registerTotpSave } from './totp-save.ts'
import { registerUsers } from './users.ts'

/** The dialect. */
export const sftpgoPlugin: DialectPlugin = {
  name: 'sftpgo',
  pathPrefixes: ['/api/v2'],
  register: registerSftpgo,
  document: sftpgoDocument,
  answerRefusal,
}

function registerSftpgo(app: App, context: HttpContext): void {
  readEveryBody(app)
  for (const realm of realms) {
    registerSignIn(app, context, realm)
    registerSignOut(app, context, realm)
    registerProfile(app, context, realm)
    registerChangePassword(app, context, realm)
    registerTotp(app, context, realm)
    registerTotpSave(app, context, realm)
    registerRecoveryCodes(app, context, realm)
    if (offersTokens(context.settings, realm)) registerPasswordReset(app, context, realm)
  }
  registerProbes(app, context)
  registerUsers(app, context)
  registerAdmins(app, context)
  registerApiKeys(app, context)
  registerDefender(app, context)
  registerStatus(app, context)
}
