/** pacerpro: the session API of PacerPro (0.5.0). */
import type { App, DialectPlugin, HttpContext } from '../../context.ts'
import { parseEveryBodyAsJson } from '../../steps/parse-json.ts'
import { pacerproDocument } from './documents.ts'
import { answerRefusal } from './errors.ts'
import { registerSession } from './session.ts'

/** The plugin. `/matters` is the original's other path. It is not served, and is refused in the original's shape. */
export const pacerproPlugin: DialectPlugin = {
  name: 'pacerpro',
  pathPrefixes: ['/session', '/matters'],
  register: registerPacerpro,
  document: pacerproDocument,
  answerRefusal,
}

function registerPacerpro(app: App, context: HttpContext): void {
  parseEveryBodyAsJson(app)
  registerSession(app, context)
}
