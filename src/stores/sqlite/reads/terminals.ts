/** SQLite store: reads of the inventory, of policies and catalogues, and of authority keys. */
import type { AuthorityKey } from '../../../core/terminals/authority-key.ts'
import type { PolicyDocument, PolicySubject } from '../../../core/terminals/terminal-policy.ts'
import type { Database } from '../database.ts'
import { type ChangeRow, type ServerRow, toChange, toServer } from '../rows/inventory-rows.ts'
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
    serverByName: (name) => optional(db.one<ServerRow>('SELECT * FROM servers WHERE name = :name', { name }), toServer),
    serverByAddress: (address) =>
      optional(db.one<ServerRow>('SELECT * FROM servers WHERE address = :address', { address }), toServer),
    servers: ({ after, limit }) =>
      db
        .all<ServerRow>('SELECT * FROM servers WHERE name > :after ORDER BY name LIMIT :limit', {
          after: after ?? '',
          limit,
        })
        .map(toServer),
    hasSshServers: () => db.one("SELECT 1 FROM servers WHERE transport = 'ssh' LIMIT 1") !== undefined,
    changeById: (id) => optional(db.one<ChangeRow>('SELECT * FROM changes WHERE id = :id', { id }), toChange),
    changes: ({ after, limit }) =>
      db
        .all<ChangeRow>('SELECT * FROM changes WHERE id > :after ORDER BY id LIMIT :limit', {
          after: after ?? '',
          limit,
        })
        .map(toChange),
    policies: ({ after, limit }) =>
      db
        .all<PolicyRow>(
          'SELECT kind, name, document FROM policies WHERE (kind, name) > (:kind, :name) ORDER BY kind, name LIMIT :limit',
          { kind: after?.kind ?? '', name: after?.name ?? '', limit },
        )
        .map(({ kind, name, document }) => ({
          subject: { kind, name },
          policy: JSON.parse(document) as PolicyDocument,
        })),
    policy: ({ kind, name }) =>
      optional(
        db.one<{ document: string }>('SELECT document FROM policies WHERE kind = :kind AND name = :name', {
          kind,
          name,
        }),
        ({ document }) => JSON.parse(document) as PolicyDocument,
      ),
    catalogues: (groups) => new Map(cataloguesOf(db, groups)),
    authorityKey: (name) => {
      const sql = 'SELECT name, sealed, public_key AS publicKey, created_at_ms AS createdAtMs FROM authority_keys'
      return optional(db.one<AuthorityKey>(`${sql} WHERE name = :name`, { name }), (row) => ({ ...row }))
    },
  }
}

type PolicyRow = PolicySubject & { readonly document: string }

type CatalogueRow = { readonly group_name: string; readonly document: string }

function cataloguesOf(db: Database, groups: readonly string[] | null): [group: string, catalogue: string][] {
  const rows =
    groups === null
      ? db.all<CatalogueRow>('SELECT group_name, document FROM catalogues ORDER BY group_name')
      : db.all<CatalogueRow>(
          `SELECT group_name, document FROM catalogues WHERE group_name IN (SELECT value FROM json_each(:groups))
           ORDER BY group_name`,
          { groups: JSON.stringify(groups) },
        )
  return rows.map(({ group_name, document }) => [group_name, document])
}

function optional<Row, Value>(row: Row | undefined, map: (row: Row) => Value): Value | null {
  return row === undefined ? null : map(row)
}
