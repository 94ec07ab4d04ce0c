/** SQLite store: reads of the inventory, of policies and catalogues, and of authority keys. */
import type { AuthorityKey } from '../../../core/terminals/authority-key.ts'
import type { PolicyDocument, PolicySubject } from '../../../core/terminals/terminal-policy.ts'
import type { Database } from '../database.ts'
import { plainRow } from '../rows/columns.ts'
import { selectChanges, selectServers, toChange, toServer } from '../rows/inventory-rows.ts'
import type { ImmediateReads } from './read.ts'

type Names =
  | 'serverByName'
  | 'serverByAddress'
  | 'servers'
  | 'hasSshServers'
  | 'changeById'
  | 'changes'
  | 'policy'
  | 'policies'
  | 'catalogues'
  | 'authorityKey'

/** Returns the reads; lists are sorted by name or id. */
export function terminalReads(db: Database): ImmediateReads<Names> {
  return {
    serverByName: (name) => db.find(toServer, `${selectServers} WHERE name = :name`, { name }),
    serverByAddress: (address) => db.find(toServer, `${selectServers} WHERE address = :address`, { address }),
    servers: ({ after, limit }) =>
      db.list(toServer, `${selectServers} WHERE name > :after ORDER BY name LIMIT :limit`, {
        after: after ?? '',
        limit,
      }),
    hasSshServers: () => db.has("SELECT 1 FROM servers WHERE transport = 'ssh' LIMIT 1"),
    changeById: (id) => db.find(toChange, `${selectChanges} WHERE id = :id`, { id }),
    changes: ({ after, limit }) =>
      db.list(toChange, `${selectChanges} WHERE id > :after ORDER BY id LIMIT :limit`, { after: after ?? '', limit }),
    policies: ({ after, limit }) =>
      db.list(
        (row: PolicyRow) => ({ subject: { kind: row.kind, name: row.name }, policy: toPolicy(row) }),
        'SELECT kind, name, document FROM policies WHERE (kind, name) > (:kind, :name) ORDER BY kind, name LIMIT :limit',
        { kind: after?.kind ?? '', name: after?.name ?? '', limit },
      ),
    policy: ({ kind, name }) =>
      db.find(toPolicy, 'SELECT document FROM policies WHERE kind = :kind AND name = :name', { kind, name }),
    catalogues: (groups) => new Map(cataloguesOf(db, groups)),
    authorityKey: (name) =>
      db.find(
        plainRow<AuthorityKey>,
        `SELECT name, sealed, public_key AS "publicKey", created_at_ms AS "createdAtMs" FROM authority_keys
         WHERE name = :name`,
        { name },
      ),
  }
}

type PolicyRow = PolicySubject & { readonly document: string }

function toPolicy({ document }: Pick<PolicyRow, 'document'>): PolicyDocument {
  return JSON.parse(document) as PolicyDocument
}

function cataloguesOf(db: Database, groups: readonly string[] | null): [group: string, catalogue: string][] {
  const named = 'WHERE group_name IN (SELECT value FROM json_each(:groups))'
  return db.list(
    (row: { group_name: string; document: string }) => [row.group_name, row.document],
    `SELECT group_name, document FROM catalogues ${groups === null ? '' : named} ORDER BY group_name`,
    groups === null ? {} : { groups: JSON.stringify(groups) },
  )
}
