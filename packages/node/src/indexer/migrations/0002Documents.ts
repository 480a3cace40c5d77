/** What is read from elsewhere and never changes: manifests by their digest, and how payment tokens are written. */
export const documents: readonly string[] = [
  // `contributor_root` is computed from the document; where the chain has another one its leaves prove nothing.
  `CREATE TABLE manifests (
    digest text PRIMARY KEY,
    name text NOT NULL,
    description text NOT NULL,
    tags jsonb NOT NULL,
    licence text NOT NULL,
    contributor_root text,
    document jsonb NOT NULL,
    search tsvector NOT NULL
  )`,
  'CREATE INDEX ON manifests USING gin (search)',

  `CREATE TABLE manifest_contributors (
    digest text NOT NULL REFERENCES manifests (digest),
    position integer NOT NULL,
    account text NOT NULL,
    weight numeric(78,0) NOT NULL,
    weight_start numeric(78,0) NOT NULL,
    label text NOT NULL,
    PRIMARY KEY (digest, position)
  )`,
  'CREATE INDEX ON manifest_contributors (account)',

  'CREATE TABLE tokens (address text PRIMARY KEY, symbol text NOT NULL, decimals integer NOT NULL)',
]
