import { Link } from '../../app/router.js'
import { Copyable } from '../../ui/Copyable.js'
import { useAccountName } from './useAccountName.js'

/**
 * An account: its development name or the label given, and always its address. A label is the seller's word, so it never
 * stands without the address.
 */
export function AccountName({ address, label }: { address: string; label?: string }) {
  const name = useAccountName(address) ?? label
  return (
    <span className="account-name">
      {name === undefined ? null : <Link href={`/accounts/${address}`}>{name}</Link>}
      <Copyable value={address} name="address" {...(name === undefined ? { href: `/accounts/${address}` } : {})} />
    </span>
  )
}
