import { AgoraiError } from '@agorai/core'

/**
 * A schema name that can stand in SQL as it is.
 *
 * @throws AgoraiError `config_invalid`
 */
export function assertSchemaName(schema: string): string {
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
  throw new AgoraiError('config_invalid', 'A schema name has lower-case letters, digits and underscores, at most 63.', {
    field: 'schema',
  })
}
