/** What follows from the events: the current state, as views, so that taking events away takes their effects away. */
export const state: readonly string[] = [
  `CREATE VIEW versions AS
    SELECT v.*, b.timestamp AS published_at
    FROM version_published v JOIN blocks b ON b.number = v.block_number`,

  `CREATE VIEW current_versions AS
    SELECT v.* FROM versions v
    WHERE NOT EXISTS (SELECT 1 FROM version_published l WHERE l.asset = v.asset AND l.version > v.version)`,

  `CREATE VIEW asset_owners AS
    SELECT t.asset, t.recipient AS owner FROM asset_transferred t
    WHERE NOT EXISTS (
      SELECT 1 FROM asset_transferred l
      WHERE l.asset = t.asset AND (l.block_number, l.log_index) > (t.block_number, t.log_index)
    )`,

  `CREATE VIEW offers AS
    SELECT l.offer, l.asset, l.token, l.price, l.usage,
      NOT EXISTS (SELECT 1 FROM offer_closed c WHERE c.offer = l.offer) AS open
    FROM offer_listed l`,

  `CREATE VIEW asset_sales AS SELECT asset, count(*) AS sales FROM pass_granted GROUP BY asset`,

  `CREATE VIEW version_sales AS
    SELECT token, version, sum(amount) AS amount FROM revenue_received GROUP BY token, version`,

  `CREATE VIEW version_royalties AS
    SELECT token, ancestor AS version, sum(amount) AS amount FROM revenue_pulled GROUP BY token, ancestor`,

  `CREATE VIEW edge_pulls AS
    SELECT token, version, edge_index, sum(amount) AS amount FROM revenue_pulled GROUP BY token, version, edge_index`,

  // An interval of weight that ends at 0 is none: the owner collected.
  `CREATE VIEW owner_collections AS
    SELECT token, version, sum(amount) AS amount FROM revenue_collected WHERE weight_end = 0 GROUP BY token, version`,

  `CREATE VIEW contributor_collections AS
    SELECT token, version, weight_start, sum(amount) AS amount
    FROM revenue_collected WHERE weight_end > 0 GROUP BY token, version, weight_start`,
]
