import { kindToNumber } from '@agorai/core'
import { type EventTable, eventTableNames, shapeOf } from './eventTables.js'

const collectionKind = kindToNumber('collection')

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** An event as it is told: numbers beyond 2^53 as decimal text. */
function eventRow(table: EventTable): string {
  const { contract, eventName, columns } = shapeOf(table)
  const args = Object.entries(columns).map(
    ([name, { type }]) => `'${camelCase(name)}', ${type.startsWith('numeric') ? `${name}::text` : name}`,
  )
  return `SELECT '${eventName}' AS name, '${contract}' AS contract, block_number, log_index, transaction_hash,
    jsonb_build_object(${args}) AS args FROM ${table}`
}

/**
 * What follows from the events: the current state, as views, so that taking events away takes their effects away.
 * ARCHITECTURE.md says it of money; here it is of everything: nothing is ever changed, only added and taken away.
 */
export const stateViews: readonly string[] = [
  // The log of all events. Each table gives them in order, so that a page of it reads no more than a page.
  `CREATE VIEW events AS ${eventTableNames.map(eventRow).join(' UNION ALL ')}`,

  `CREATE VIEW versions AS
    SELECT v.*, b.timestamp AS published_at,
      coalesce(e.parents, '[]') AS parents, coalesce(e.suppliers, '[]') AS suppliers,
      coalesce(e.royalties, '[]') AS royalties, coalesce(e.supplies, '[]') AS supplies,
      EXISTS (SELECT 1 FROM version_erased x WHERE x.version = v.version) AS erased
    FROM version_published v JOIN blocks b ON b.number = v.block_number
    LEFT JOIN edges_drawn e ON e.version = v.version`,

  `CREATE VIEW current_versions AS
    SELECT v.* FROM versions v
    WHERE NOT EXISTS (SELECT 1 FROM version_published l WHERE l.asset = v.asset AND l.version > v.version)`,

  `CREATE VIEW asset_owners AS
    SELECT t.asset, t.recipient AS owner FROM asset_transferred t
    WHERE NOT EXISTS (
      SELECT 1 FROM asset_transferred l
      WHERE l.asset = t.asset AND (l.block_number, l.log_index) > (t.block_number, t.log_index)
    )`,

  // What a version was built from and what it sells, with whoever owned that when the version was published.
  `CREATE VIEW sources AS
    SELECT v.version, v.publisher, s.version AS source, s.asset AS source_asset, s.flags AS source_flags, (
      SELECT t.recipient FROM asset_transferred t
      WHERE t.asset = s.asset AND (t.block_number, t.log_index) < (v.block_number, v.log_index)
      ORDER BY t.block_number DESC, t.log_index DESC LIMIT 1
    ) AS source_owner
    FROM version_published v JOIN edges_drawn e ON e.version = v.version
    CROSS JOIN LATERAL jsonb_array_elements_text(e.parents || e.suppliers) AS id
    JOIN version_published s ON s.version = id::numeric`,

  // An exclusive offer's price falls from the second of its listing.
  `CREATE VIEW offers AS
    SELECT l.offer, l.asset, l.token, l.price, l.usage, l.flags, l.refund_hours, l.gate, l.brackets, b.timestamp AS listed_at,
      NOT EXISTS (SELECT 1 FROM offer_closed c WHERE c.offer = l.offer) AS open
    FROM offer_listed l JOIN blocks b ON b.number = l.block_number`,

  // Whatever gives an account a pass or takes it away; a pass that was handed on says from whom.
  `CREATE VIEW pass_moves AS
    SELECT 'granted' AS kind, offer, holder, NULL AS sender, transaction_hash, block_number, log_index FROM pass_granted
    UNION ALL SELECT 'received', offer, recipient, sender, transaction_hash, block_number, log_index FROM pass_transferred
    UNION ALL SELECT 'transferred', offer, sender, NULL, transaction_hash, block_number, log_index FROM pass_transferred
    UNION ALL SELECT 'refunded', offer, holder, NULL, transaction_hash, block_number, log_index FROM pass_refunded`,

  `CREATE VIEW bundles AS
    SELECT l.bundle, l.owner, l.offers, l.discount_bps FROM bundle_listed l
    WHERE NOT EXISTS (
      SELECT 1 FROM bundle_closed c
      WHERE c.bundle = l.bundle AND (c.block_number, c.log_index) > (l.block_number, l.log_index)
    ) AND NOT EXISTS (
      SELECT 1 FROM bundle_listed m
      WHERE m.bundle = l.bundle AND (m.block_number, m.log_index) > (l.block_number, l.log_index)
    )`,

  // Leaves that the chain's root proves; a manifest may say anything.
  `CREATE VIEW proven_leaves AS
    SELECT v.version, v.kind, c.position, c.account, c.member, c.weight, c.weight_start, c.label
    FROM version_published v
    JOIN manifests m ON m.digest = v.manifest_digest AND m.contributor_root = v.contributor_root
    JOIN manifest_contributors c ON c.digest = m.digest`,

  // Versions that a collection gathers: only an older one can be credited.
  `CREATE VIEW members AS
    SELECT version, position, member, weight FROM proven_leaves
    WHERE kind = ${collectionKind} AND member > 0 AND member < version`,

  // Everything that a version's account grew by, and where: a sale of it or of its work, or a royalty.
  `CREATE VIEW ledger_credits AS
    SELECT token, version, amount AS sales, 0::numeric(78,0) AS royalties, block_number, log_index FROM revenue_received
    UNION ALL SELECT token, supplier, amount, 0, block_number, log_index FROM supply_pulled
    UNION ALL SELECT token, ancestor, 0, amount, block_number, log_index FROM revenue_pulled
    UNION ALL SELECT token, member, 0, amount, block_number, log_index FROM member_credited
    UNION ALL SELECT token, creditor, 0, amount, block_number, log_index FROM lien_moved`,

  // A pull that moves anything takes all that was sold before it into account.
  `CREATE VIEW pulled_sales AS
    SELECT p.token, p.version, sum(c.sales) AS amount
    FROM (
      SELECT DISTINCT ON (token, version) token, version, block_number, log_index FROM (
        SELECT token, version, block_number, log_index FROM revenue_pulled
        UNION ALL SELECT token, version, block_number, log_index FROM supply_pulled
      ) e ORDER BY token, version, block_number DESC, log_index DESC
    ) p
    JOIN ledger_credits c ON c.token = p.token AND c.version = p.version
      AND (c.block_number, c.log_index) < (p.block_number, p.log_index)
    GROUP BY p.token, p.version`,

  `CREATE VIEW owner_collections AS
    SELECT token, version, sum(amount) AS amount FROM revenue_collected GROUP BY token, version`,

  // What left a version's contributors, whether to a party or, in a collection, to a member.
  `CREATE VIEW contributor_collections AS
    SELECT token, version, weight_start, sum(amount) AS amount FROM (
      SELECT token, version, weight_start, amount FROM contribution_collected
      UNION ALL SELECT token, version, weight_start, amount FROM member_credited
    ) c GROUP BY token, version, weight_start`,

  // In the order in which they were set, which is the order in which they are served.
  `CREATE VIEW liens AS
    SELECT s.*, coalesce((
      SELECT sum(m.amount) FROM lien_moved m
      WHERE m.token = s.token AND m.version = s.version AND m.position = s.position
    ), 0)::numeric(78,0) AS moved
    FROM (
      SELECT l.*, (row_number() OVER (PARTITION BY token, version ORDER BY block_number, log_index) - 1)::integer AS position
      FROM lien_set l
    ) s`,

  // Money of passes that may still go back, or that is not accrued yet: what came to the market less what left it.
  `CREATE VIEW waiting_money AS
    SELECT asset, token, sum(amount)::numeric(78,0) AS amount FROM (
      SELECT o.asset, o.token, g.amount FROM pass_granted g JOIN offer_listed o ON o.offer = g.offer
        WHERE g.refund_until > 0 OR o.flags & 1 = 1
      UNION ALL SELECT o.asset, o.token, -r.amount FROM pass_refunded r JOIN offer_listed o ON o.offer = r.offer
      UNION ALL SELECT o.asset, o.token, -p.amount FROM pass_released p JOIN offer_listed o ON o.offer = p.offer
      UNION ALL SELECT asset, token, -amount FROM revenue_accrued
    ) m GROUP BY asset, token`,
]
