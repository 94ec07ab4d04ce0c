/** HTTP: the plugin of each dialect. */
import { type Dialect, dialects } from '../../core/dialects.ts'
import type { DialectPlugin } from '../context.ts'
import { controlPlugin } from './control/plugin.ts'
import { giantswarmPlugin } from './giantswarm/plugin.ts'
import { koyebPlugin } from './koyeb/plugin.ts'
import { pacerproPlugin } from './pacerpro/plugin.ts'
import { sftpgoPlugin } from './sftpgo/plugin.ts'

const plugins: Readonly<Record<Dialect, DialectPlugin>> = {
  control: controlPlugin,
  sftpgo: sftpgoPlugin,
  pacerpro: pacerproPlugin,
  giantswarm: giantswarmPlugin,
  koyeb: koyebPlugin,
}

/** Every plugin, in the order of the list of dialects. */
export const dialectPlugins: readonly DialectPlugin[] = dialects.map((dialect) => plugins[dialect])
