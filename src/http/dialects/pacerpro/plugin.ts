/** pacerpro: the session API of PacerPro (0.5.0): one address, a JSON Web Token in and out, and one way to end them all. */
import type { App, DialectPlugin, HttpContext } from '../../context.ts'
import { parseEveryBodyAsJson } from '../../steps/parse-json.ts'
import { pacerproDocument } from './documents.ts'
import { answerRefusal } from './errors.ts'
import { registerSession } from './session.ts'

/** The dialect. `/matters` is the original's other address; it is not offered, and says so in the original's shape. */
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
